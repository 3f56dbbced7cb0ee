/// Why a packet is worth a copy: what somebody waits for.
enum Urgency: Sendable, Hashable, CaseIterable {
  /// The connection.
  case handshake
  /// A small message, or what a packet makes the peer do.
  case message
  /// The rest of a large message: its last packets, and those of it that are sent again when nothing else is left to send. Each
  /// that is lost once more costs the whole message a round trip.
  case remainder
  /// What of a large message is sent again while more of it goes out: all that has arrived behind it waits for it.
  case repair

  var isBulk: Bool { self == .remainder || self == .repair }
}
