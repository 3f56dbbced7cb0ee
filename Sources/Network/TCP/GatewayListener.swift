import Exchange
import Gateway
import NIOCore
import NIOSSL
import Wires

/// A TCP listener whose requests go to the gateway of the loop that they arrive on: HTTP/1.1 and HTTP/2 on one port, or
/// connections that are tunnels.
struct GatewayListener: Sendable {
  let listener: TCPListener
  private let loops: [NIOLoopBound<ListenerLoop>]

  /// Binds and begins to accept.
  /// - Parameters:
  ///   - name: by which the policy knows it.
  ///   - kind: what is spoken there.
  ///   - tls: what clients are shown; nil without TLS.
  ///   - gateways: one for each loop, in their order.
  /// - Throws: `ListenError` when the address cannot be bound.
  static func bind(
    name: String, kind: ListenerKind = .http, to address: SocketAddress, tls: NIOSSLContext? = nil,
    gateways: [NIOLoopBound<Gateway>], hop: String,
    limits: NetworkLimits, loops: LoopGroup
  ) async throws -> GatewayListener {
    var timeouts = ServerTimeouts()
    timeouts.head = limits.requestHead
    timeouts.idle = limits.idleClient
    let made = timeouts
    let messages = limits.messages
    let perLoop = try await loops.onEach { loop in
      let gateway = gateways[loop.index].value
      return ListenerLoop(
        name: name, wire: kind == .tcp ? .tcp : .http1, turn: loop.turn, tls: tls, otherLoop: { gateway.otherLoop(for: name) }
      ) { origin, local in
        let context = ServerWireContext(
          handler: gateway, origin: origin, hop: hop, events: loop.events, limits: messages, timeouts: made)
        switch kind {
        case .http, .proxy: return DetectingServerWire(context)
        case .tcp:
          // The system may have chosen the port.
          var target = address
          target.port = local?.port ?? address.port
          return TCPServerWire(context, target: target.text)
        }
      }
    }
    let listener = try await TCPListener.bind(
      to: address, group: loops.group, loops: perLoop, liveness: kind == .http ? .messages : .tunnels
    ) { failure in
      loops.record(.acceptFailed(listener: name, reason: failure.description))
    }
    return GatewayListener(listener: listener, loops: perLoop)
  }

  /// New connections get this certificate; those that are open keep theirs.
  func reload(tls: NIOSSLContext) async throws {
    for loop in loops { try await loop.eventLoop.submit { loop.value.tls = tls }.get() }
  }
}
