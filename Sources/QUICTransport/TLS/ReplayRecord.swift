/// Remembers which first flights a server has taken early data from, so that it takes each once (RFC 8446 §8.2).
///
/// One record serves all event loops of a server; its methods are called on any of them and must not block for longer than a
/// write to a file's cache.
public protocol ReplayRecord: AnyObject, Sendable {
  /// The time from which on the record is complete, in seconds of Unix time: early data under older tickets is refused. Nil when
  /// it began with this process.
  var beganAt: Int64? { get }

  /// Remembers a flight if it is new. Early data is taken only then.
  /// - Parameter unixTime: the present time in seconds.
  func admit(_ flight: FlightIdentifier, unixTime: Int64) -> FlightVerdict
}

/// What a record says about a first flight.
public enum FlightVerdict: Sendable, Hashable {
  /// It was never seen, and is remembered from now on.
  case new
  /// It was seen before: somebody sends a copy.
  case seen
  /// It may be new, but it cannot be remembered: the record is full or cannot be written.
  case unrecorded
}

/// Tells one first flight of a client from all others, and is the same for each copy of it: the beginning of the binder of its
/// pre-shared key (RFC 8446 §4.2.11.2), a MAC over the ClientHello.
public struct FlightIdentifier: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 16 bytes, the form that is stored.
  public var bytes: [UInt8] {
    [high, low].flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) } }
  }

  /// Reads the first 16 bytes; nil when there are fewer.
  public init?(_ bytes: some Sequence<UInt8>) {
    var words: (UInt64, UInt64) = (0, 0)
    var count = 0
    for byte in bytes.prefix(16) {
      if count < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
      count += 1
    }
    guard count == 16 else { return nil }
    self.init(high: words.0, low: words.1)
  }
}

/// How long tickets are good, and for how long the early data under them could be sent again.
public enum TicketLifetime {
  /// After the full handshake that a ticket goes back to, whatever resumed sessions or new tickets lie between: GnuTLS keeps the time of
  /// that handshake in each ticket, and RFC 8446 §4.6.1 wants keying material to have such an end.
  public static let seconds = 24 * 3600

  /// The age that a client names does not grow when its flight is sent again, but the time in the ticket is held against the server's
  /// clock. Clocks of servers that share a key may differ somewhat.
  public static let replayableSeconds = seconds + 600
}
