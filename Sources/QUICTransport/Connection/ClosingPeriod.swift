internal import NIOCore

/// The time after CONNECTION_CLOSE was sent (RFC 9000 §10.2.1): late packets of the peer are answered with the same frame, less
/// and less often.
struct ClosingPeriod {
  let datagram: [UInt8]
  let path: NetworkPath
  let end: NIODeadline
  private(set) var owesDatagram = true
  private var receivedCount = 0
  private var answerAt = 1

  init(datagram: [UInt8], path: NetworkPath, end: NIODeadline) {
    self.datagram = datagram
    self.path = path
    self.end = end
    owesDatagram = !datagram.isEmpty
  }

  /// A packet of the peer came in; every second, fourth, eighth … is answered.
  mutating func received() {
    receivedCount += 1
    guard receivedCount >= answerAt, !datagram.isEmpty else { return }
    receivedCount = 0
    answerAt *= 2
    owesDatagram = true
  }

  mutating func sent() {
    owesDatagram = false
  }
}
