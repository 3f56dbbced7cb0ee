import Events
import NIOCore
import QUICTransport
import Wires

/// What a core keeps with a connection of an edge's.
final class EdgeConnection {
  var name: ConnectionName
  /// Nil until TLS has agreed on the application protocol, and after the connection is over.
  var service: Service?
  private let began = NIODeadline.now()

  /// Which way requests go on it.
  enum Service {
    case forward(HTTP3ServerWire)
    case reversed(ReversedEdge)
  }

  init(name: ConnectionName) {
    self.name = name
  }

  var openExchangeCount: Int {
    switch service {
    case .forward(let wire): wire.openExchangeCount
    case .reversed(let edge): edge.openExchangeCount
    case nil: 0
    }
  }

  var age: Duration { .nanoseconds((NIODeadline.now() - began).nanoseconds) }
}
