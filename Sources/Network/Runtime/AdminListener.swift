import Events
import Exchange
import NIOCore
import Observability
import Wires

/// The admin pages on a listener of their own: ordinary exchanges on ordinary wires.
enum AdminListener {
  /// - Parameters:
  ///   - address: where to listen; loopback unless the operator says otherwise.
  ///   - readiness: asked on the first loop.
  static func bind(
    to address: SocketAddress, loops: LoopGroup, hop: String, readiness: @escaping @Sendable () -> Readiness,
    process: @escaping @Sendable () -> ProcessFacts
  ) async throws -> TCPListener {
    let metrics = try await loops.onEach { $0.metrics }
    let listenerLoops = try await loops.onEach { loop in
      let collector = SnapshotCollector(eventLoop: loop.eventLoop, loops: metrics)
      let handler = AdminHandler(routes: .standard(readiness: readiness, process: process, collect: collector.collect))
      return ListenerLoop(name: "admin", turn: loop.turn) { origin, _ in
        DetectingServerWire(ServerWireContext(handler: handler, origin: origin, hop: hop, events: loop.events))
      }
    }
    return try await TCPListener.bind(to: address, group: loops.group, loops: listenerLoops)
  }
}
