import QUICTransport

/// Our QPACK decoder stream (RFC 9204 §4.2), whose few bytes for each head travel with something else.
///
/// A section acknowledgement on its own costs a packet and an acknowledgement, as much as a small request. The peer's encoder can
/// wait for it: nothing is blocked by it (RFC 9204 §2.1.4).
struct DecoderStream {
  let id: StreamID
  /// The peer gives it no credit.
  var isBlocked = false
  private var isHeld = true
  private var hasCompany = false
  private var owedCount = 0

  init(id: StreamID) {
    self.id = id
  }

  /// A request is over on whose heads the decoder may have something to say.
  mutating func owes() { owedCount += 1 }

  /// Something goes out on a stream.
  mutating func offered(_ stream: StreamID) {
    if stream != id { hasCompany = true }
  }

  /// What becomes of the stream when nothing else is to be sent in this pass.
  mutating func companyEnded() -> Step {
    guard isHeld else {
      self = DecoderStream(id: id, isBlocked: isBlocked)
      return .hold
    }
    guard !isBlocked, hasCompany || owedCount >= Self.mostOwed else { return .wait }
    isHeld = false
    return .release
  }

  enum Step {
    case wait, hold, release
  }

  private init(id: StreamID, isBlocked: Bool) {
    self.id = id
    self.isBlocked = isBlocked
  }

  /// Cancellations of a peer that only resets must not pile up.
  private static let mostOwed = 64
}
