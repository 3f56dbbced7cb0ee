/// A host that redirects may lead to: `storage.googleapis.com`, `cdn.example:8443`.
public struct RedirectHost: Sendable, Hashable {
  /// In small letters; an IPv6 address without brackets.
  public let host: String
  /// Nil for the usual one of the redirect's scheme.
  public let port: UInt16?

  /// - Returns: nil for anything but a name or an address, with a port or without one.
  public init?(_ text: String) {
    let isAddress = text.hasPrefix("[")
    let hostEnd = isAddress ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":") ?? text.endIndex
    guard let hostEnd, let host = Self.host(text[..<hostEnd]) else { return nil }
    let rest = text[hostEnd...]
    if !rest.isEmpty {
      let digits = rest.dropFirst()
      let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
      guard rest.first == ":", isNumber, let port = UInt16(digits), port > 0 else { return nil }
      self.port = port
    } else {
      port = nil
    }
    self.host = host
  }

  public func takes(_ redirect: Redirect) -> Bool { host == redirect.host && (port ?? redirect.scheme.port) == redirect.port }

  private static func host(_ text: Substring) -> String? {
    if text.hasPrefix("[") {
      let address = text.dropFirst().dropLast()
      let isAddress = address.contains(":") && address.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
      return isAddress ? address.lowercased() : nil
    }
    let isName = text.utf8.allSatisfy { BangEscape.isLetterOrDigit($0) || "-._".utf8.contains($0) }
    return isName && (1...253).contains(text.utf8.count) && text.first != "." ? text.lowercased() : nil
  }
}
