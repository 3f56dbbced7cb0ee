import Crypto

extension SymmetricKey {
  /// A copy of the key's bytes.
  var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
