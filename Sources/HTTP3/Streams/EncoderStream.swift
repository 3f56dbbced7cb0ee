import QUICTransport

/// Our QPACK encoder stream (RFC 9204 §4.2). nghttp3 writes to it with every head, whether or not the peer gives it credit.
struct EncoderStream {
  let id: StreamID
  var isBlocked = false
  private var headsWhileBlocked = 0

  init(id: StreamID) {
    self.id = id
  }

  /// Counts a head that is sent.
  /// - Throws: when the peer has made us queue for too many without reading.
  mutating func sendsHead() throws(ApplicationError) {
    guard isBlocked else { return }
    headsWhileBlocked += 1
    guard headsWhileBlocked > Self.mostHeadsWhileBlocked else { return }
    throw ApplicationError(
      code: HTTP3ErrorCode.excessiveLoad.rawValue, reason: "the peer allows a QPACK table but does not read what fills it")
  }

  private static let mostHeadsWhileBlocked = 1000
}
