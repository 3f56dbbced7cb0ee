import NIOCore

extension SocketAddress {
  /// The address without port, in network order.
  var addressBytes: [UInt8]? {
    switch self {
    case .v4(let address): unsafe withUnsafeBytes(of: address.address.sin_addr) { unsafe Array($0) }
    case .v6(let address): unsafe withUnsafeBytes(of: address.address.sin6_addr) { unsafe Array($0) }
    case .unixDomainSocket: nil
    }
  }
}
