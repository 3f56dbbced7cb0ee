import NIOCore
import QUICTransport
import Wires

/// What an edge feeds and drains on a connection that it has dialled.
protocol DialledWire: AnyObject, SendableMetatype {
  /// What the connection feeds and drains.
  var application: any StreamApplication { get }
  var openExchangeCount: Int { get }
  /// Of those, the ones whose clients wait for something: not the open tunnels.
  var busyExchangeCount: Int { get }
  /// Whether the connection takes nothing new.
  var isDraining: Bool { get }
  /// Acts on what the connection has recorded.
  func processEvents()
}

extension HTTP3ClientWire: DialledWire {}

/// Who serves one connection of an endpoint; kept as its `owner`.
class ServedConnection {
  /// What metrics call it; nil for one of many.
  var title: String? { nil }

  /// The connection has events or output.
  func serve(_ connection: Connection) {}

  /// Its output was written.
  func served(_ connection: Connection) {}
}
