import Exchange
import HTTPMessage
import NIOCore
import Wires

/// A server wire under a client that writes bytes by hand, with a clock that stands until it is moved.
final class RawClient {
  let handler = FakeHandler()
  let events = EventRecorder()
  let wire: any ByteStreamWire
  private let clock = Clock()
  private(set) var output = ""

  final class Clock {
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  }

  enum Kind { case http1, detecting }

  init(_ kind: Kind = .http1, isSecure: Bool = false) {
    let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "192.0.2.1:5000", listener: "main", isSecure: isSecure)
    let context = ServerWireContext(handler: handler, origin: origin, hop: "edge", events: events, now: { [clock] in clock.now })
    wire = kind == .http1 ? HTTP1ServerWire(context) : DetectingServerWire(context)
  }

  /// Sends text and takes all output, as a loop does in one turn.
  func send(_ text: String, pieceBytes: Int = .max) {
    var rest = ByteBuffer(string: text)
    while rest.readableBytes > 0 {
      if let piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)) { wire.receive(piece) }
    }
    take()
  }

  /// Takes all output.
  func take() {
    while let bytes = wire.nextOutput() { output += String(buffer: bytes) }
  }

  /// What has come since the last call.
  func received() -> String {
    take()
    defer { output = "" }
    return output
  }

  func pass(_ time: TimeAmount) {
    clock.now = clock.now + time
    if let deadline = wire.deadline, deadline <= clock.now { wire.handleTimeout(now: clock.now) }
  }

  static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
}
