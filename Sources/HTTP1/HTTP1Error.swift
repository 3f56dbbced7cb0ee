/// Why bytes are not an HTTP/1.1 message that quicgw passes on. The connection cannot be used after one.
public struct HTTP1Error: Error, Sendable, Equatable {
  /// What kind of fault it is; decides the status of the answer.
  public enum Kind: Sendable, Equatable {
    /// The syntax of RFC 9112 is broken.
    case malformed
    /// Two parsers could find different ends of the message (RFC 9112 §11.2).
    case ambiguousLength
    /// A field that must not be in this message.
    case forbiddenField
    /// More than `MessageLimits` allow.
    case fieldsTooLarge
    /// Well-formed, but not spoken here.
    case unsupported
    /// The connection ended inside the message.
    case incomplete
  }

  public let kind: Kind
  /// What was found, in words; constant text, nothing from the wire.
  public let reason: StaticString

  public init(_ kind: Kind, _ reason: StaticString) {
    self.kind = kind
    self.reason = reason
  }

  public static func == (left: HTTP1Error, right: HTTP1Error) -> Bool {
    left.kind == right.kind && left.reason.description == right.reason.description
  }
}
