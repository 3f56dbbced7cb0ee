/// The one set of limits that every wire holds incoming messages against; more is answered 431 (RFC 6585 §5) or, where no
/// answer is possible, with a reset of the stream.
public struct MessageLimits: Sendable, Equatable {
  /// Bytes of a field name.
  public var nameBytes = 256
  /// Bytes of a field value.
  public var valueBytes = 32 * 1024
  /// Bytes of a whole section: names, values and 32 bytes a field.
  public var sectionBytes = 64 * 1024
  /// Interim (1xx) responses before the final one. Each is small, but nothing else bounds how many a hostile origin sends;
  /// one more makes the message malformed.
  public var interimResponses = 32

  public init() {}

  public static let defaults = MessageLimits()
}
