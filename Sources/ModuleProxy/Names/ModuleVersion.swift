/// The version of a module: semantic, `v1.2.3`, `v1.2.4-0.20230102150405-abcdefabcdef` or `v2.0.0+incompatible`.
///
/// A canonical version names the same content for ever; everything else that may stand in its place (a branch, a short version)
/// is a question whose answer changes.
public struct ModuleVersion: Sendable, Hashable {
  public let text: String

  /// - Returns: nil if the text is no canonical version.
  public init?(_ text: String) {
    guard Self.isCanonical(Array(text.utf8)[...]) else { return nil }
    self.text = text
  }

  init?(escaped: some Collection<UInt8>) {
    guard let text = BangEscape.unescaped(escaped) else { return nil }
    self.init(text)
  }

  public var escaped: String { BangEscape.escaped(text) }

  /// Whether a module of that path can have it: from v2 on the path says the major version, or the version that it does not
  /// (`golang.org/x/mod/module.CheckPathMajor`).
  func fits(_ module: ModulePath) -> Bool {
    let major = String(text.prefix { $0 != "." })
    let last = module.text.split(separator: "/").last ?? ""
    if module.text.hasPrefix("gopkg.in/") {
      let named = last.split(separator: ".").last.map { $0.hasSuffix("-unstable") ? $0.dropLast(9) : $0 } ?? ""
      return named == major || named == "v1" && text.hasPrefix("v0.0.0-")
    }
    let isMajor = last.hasPrefix("v") && last.count > 1 && last.dropFirst().allSatisfy { "0123456789".contains($0) }
    if isMajor, last != "v0", last != "v1", !last.hasPrefix("v0") { return last == major }
    return major == "v0" || major == "v1" || text.hasSuffix("+incompatible")
  }

  private static func isCanonical(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.first == UInt8(ascii: "v") else { return false }
    var rest = text.dropFirst()
    if let plus = rest.firstIndex(of: UInt8(ascii: "+")) {
      guard rest[plus...].elementsEqual("+incompatible".utf8) else { return false }
      rest = rest[..<plus]
    }
    var preRelease: ArraySlice<UInt8>?
    if let dash = rest.firstIndex(of: UInt8(ascii: "-")) {
      preRelease = rest[(dash + 1)...]
      rest = rest[..<dash]
    }
    let numbers = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard numbers.count == 3, numbers.allSatisfy(isNumber) else { return false }
    guard let preRelease else { return true }
    return preRelease.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isIdentifier)
  }

  /// Without leading zeros (Semantic Versioning 2.0.0 §2).
  private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
    !text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) } && (text.count == 1 || text.first != UInt8(ascii: "0"))
  }

  private static func isIdentifier(_ text: ArraySlice<UInt8>) -> Bool {
    guard !text.isEmpty, text.allSatisfy({ BangEscape.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }) else { return false }
    return isNumber(text) || !text.allSatisfy { (0x30...0x39).contains($0) }
  }
}
