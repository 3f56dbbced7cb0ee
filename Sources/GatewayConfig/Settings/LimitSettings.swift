/// `limits` in both files: what one message may be and how long one peer may take.
public struct LimitSettings: Sendable, Equatable {
  /// `fields`: names and values of a head or of trailers together; more is answered 431.
  public var fields = ByteCount.kibibytes(64)
  /// `field_value`
  public var fieldValue = ByteCount.kibibytes(32)
  /// `request_head`: how long a client may take for the first bytes and for each head.
  public var requestHead: Duration = .seconds(10)
  /// `idle_client`: how long a client's connection may stay open without a request.
  public var idleClient: Duration = .seconds(300)
  /// `connect`: how long making a connection to an origin may take.
  public var connect: Duration = .seconds(5)
  /// `tunnels_per_origin`: how many may be open to one origin, or being opened. More than half of the ports that a system has for
  /// one address.
  public var tunnelsPerOrigin = 16_384
  /// `tunnels_per_peer`: the same for one identity of the other end, to all origins.
  public var tunnelsPerPeer = 16_384
  /// `tunnels_connecting`: how many may be being opened to one origin.
  public var tunnelsConnecting = 1024

  public init() {}

  public static let defaults = LimitSettings()

  static let fieldsRange: ClosedRange<ByteCount> = .kibibytes(4) ... .kibibytes(1024)
  static let fieldValueRange: ClosedRange<ByteCount> = .kibibytes(1) ... .kibibytes(1024)
  static let timeRange: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
  static let tunnelsRange = 1...1_000_000
}
