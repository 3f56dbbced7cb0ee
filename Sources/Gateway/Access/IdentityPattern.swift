/// Which identities a rule means: one of them, all below a DNS name (`*.shop.example`), all that begin alike
/// (`spiffe://shop.example/*`), or all (`*`).
public struct IdentityPattern: Sendable, Hashable {
  private enum Form: Hashable {
    case any
    case exactly(String)
    /// Begins with the dot.
    case suffix(String)
    case prefix(String)
  }

  private let form: Form

  /// Nil for a text with a star in any other place, or without anything.
  public init?(_ text: String) {
    let isURI = Self.isURI(text)
    let stars = text.utf8.count { $0 == UInt8(ascii: "*") }
    switch stars {
    case 0 where !text.isEmpty: form = .exactly(isURI ? text : text.lowercased())
    case 1 where text == "*": form = .any
    case 1 where text.hasPrefix("*.") && text.utf8.count > 2: form = .suffix(text.dropFirst().lowercased())
    case 1 where isURI && text.hasSuffix("/*"): form = .prefix(String(text.dropLast()))
    default: return nil
    }
  }

  /// DNS names are compared without regard to case, URIs byte by byte.
  public func matches(_ identity: String) -> Bool {
    switch form {
    case .any: true
    case .exactly(let name): Self.isURI(identity) ? identity == name : Self.isSame(name.utf8, identity.utf8)
    case .suffix(let suffix):
      identity.utf8.count > suffix.utf8.count && Self.isSame(suffix.utf8, identity.utf8.suffix(suffix.utf8.count))
        && !Self.isURI(identity)
    case .prefix(let prefix): identity.utf8.count > prefix.utf8.count && identity.hasPrefix(prefix)
    }
  }

  private static func isURI(_ text: String) -> Bool { text.contains("://") }

  /// Whether `text` is `lowercase` written in any case; makes no `String`, because it is asked for every request.
  private static func isSame(_ lowercase: String.UTF8View, _ text: some Collection<UInt8>) -> Bool {
    lowercase.count == text.count && zip(lowercase, text).allSatisfy { $0 == ((65...90).contains($1) ? $1 | 0x20 : $1) }
  }
}
