/// Which identities a rule means: one of them, all below a DNS name (`*.shop.example`), all that begin alike
/// (`spiffe://shop.example/*`), or all (`*`).
///
/// A text that could mean no identity is not a pattern: in a list of those who are denied it would deny nobody, and nobody would
/// notice.
public struct IdentityPattern: Sendable, Hashable {
  /// What a certificate says who its owner is by.
  public enum Kind: Sendable {
    case dnsName, uri
  }

  private enum Form: Hashable {
    case any
    case exactly(String)
    /// Begins with the dot.
    case suffix(String)
    case uri(String)
    case uriPrefix(String)
  }

  private let form: Form

  /// Nil for a text that is neither a DNS name nor a URI, or has a star in any other place.
  public init?(_ text: String) {
    if text == "*" {
      form = .any
    } else if Self.isURI(text) {
      let isPrefix = text.hasSuffix("/*")
      let uri = isPrefix ? text.dropLast() : text[...]
      guard IdentityName.isURI(uri.utf8) else { return nil }
      form = isPrefix ? .uriPrefix(String(uri)) : .uri(text)
    } else {
      let isSuffix = text.hasPrefix("*.")
      let name = isSuffix ? text.dropFirst(2) : text[...]
      guard IdentityName.isDNSName(name.utf8) else { return nil }
      form = isSuffix ? .suffix("." + name.lowercased()) : .exactly(name.lowercased())
    }
  }

  /// The kind of identities that it can mean; nil for both.
  public var kind: Kind? {
    switch form {
    case .any: nil
    case .exactly, .suffix: .dnsName
    case .uri, .uriPrefix: .uri
    }
  }

  /// DNS names are compared without regard to case, URIs byte by byte.
  public func matches(_ identity: String) -> Bool {
    switch form {
    case .any: true
    case .exactly(let name): Self.isSame(name.utf8, identity.utf8)
    case .suffix(let suffix):
      identity.utf8.count > suffix.utf8.count && Self.isSame(suffix.utf8, identity.utf8.suffix(suffix.utf8.count))
        && !Self.isURI(identity)
    case .uri(let uri): identity.utf8.elementsEqual(uri.utf8)
    case .uriPrefix(let prefix): identity.utf8.count > prefix.utf8.count && identity.utf8.starts(with: prefix.utf8)
    }
  }

  /// No DNS name has a colon, every URI has one.
  private static func isURI(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: ":")) }

  /// Whether `text` is `lowercase` written in any case; makes no `String`, because it is asked for every request.
  private static func isSame(_ lowercase: String.UTF8View, _ text: some Collection<UInt8>) -> Bool {
    lowercase.count == text.count && zip(lowercase, text).allSatisfy { $0 == ((65...90).contains($1) ? $1 | 0x20 : $1) }
  }
}
