import NIOCore
import Wires

/// A connection in a pool.
final class OriginConnection {
  let wire: any OriginWire
  var handler: ByteStreamHandler?
  /// Whether the pool's list of connections with room holds it.
  var isListed = false
  /// Since when it has had no exchange; nil while it has one.
  var idleSince: NIODeadline?

  init(wire: any OriginWire) {
    self.wire = wire
  }

  /// Whether it can take exchanges. An origin that is spoken HTTP/2 to must have sent its SETTINGS: before that nothing proves
  /// that there is an HTTP/2 server, and how many streams it allows is not known.
  var isReady: Bool { (wire as? HTTP2OriginWire)?.hasSettings ?? true }

  /// How many exchanges it carries at once when it has no others to think of; 1 under HTTP/1.1.
  var capacity: Int { max(1, wire.vacancy + wire.openExchangeCount) }

  /// No further exchanges; it closes when those that are open are over.
  func retire() {
    wire.drain()
    handler?.setNeedsUpdate()
  }
}
