import Exchange
import NIOCore
import NIOPosix
import NIOSSL
import Wires

/// A TCP listener whose connections are spread over the loops and served by a wire each.
final class TCPListener: Sendable {
  /// The bound address with the port that was chosen.
  let localAddress: SocketAddress
  private let channel: any Channel
  private let connections: [NIOLoopBound<ConnectionTable>]

  /// Binds and begins to accept.
  ///
  /// - Parameters:
  ///   - address: where to listen.
  ///   - group: the loops that accept and serve.
  ///   - loops: for each loop of `group`, how to make a wire there.
  ///   - liveness: how clients that are gone without a word are found.
  ///   - onAcceptFailure: told why a connection could not be taken; the listener tries again a second later.
  /// - Throws: `ListenError` when the address cannot be bound.
  static func bind(
    to address: SocketAddress, group: MultiThreadedEventLoopGroup, loops: [NIOLoopBound<ListenerLoop>],
    liveness: TCPLiveness = .messages, onAcceptFailure: @escaping @Sendable (AcceptFailure) -> Void = { _ in }
  ) async throws -> TCPListener {
    let byLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    let tables = try await withThrowingTaskGroup(of: NIOLoopBound<ConnectionTable>.self) { tasks in
      for loop in loops {
        tasks.addTask {
          try await loop.eventLoop.submit { NIOLoopBound(loop.value.connections, eventLoop: loop.eventLoop) }.get()
        }
      }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelLiveness(liveness)
      .serverChannelInitializer { channel in
        // NIO's `bind` leaves the back-off out, and a loop that cannot accept would spin.
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            AcceptBackoffHandler(backoffProvider: AcceptFailure.pause(after:)), AcceptFailureHandler(onAcceptFailure))
        }
      }
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.recvAllocator, value: ByteStreamHandler.readBuffers)
      .childChannelOption(.writeBufferWaterMark, value: waterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let loop = byLoop[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.inappropriateOperationForState }
          let ends = ConnectionEnds(peer: channel.remoteAddress, local: channel.localAddress)
          if let index = loop.value.otherLoop(), loops.indices.contains(index) {
            try move(channel, ends, to: loops[index])
          } else {
            try loop.value.accept(channel, ends)
          }
        }
      }
    do {
      let channel = try await bootstrap.bind(to: address).get()
      return TCPListener(channel: channel, localAddress: channel.localAddress ?? address, connections: tables)
    } catch let error as IOError {
      throw ListenError(address: "TCP \(address.text)", error)
    }
  }

  /// Lets another loop than the one that NIO chose serve a connection.
  private static func move(_ channel: any Channel, _ ends: ConnectionEnds, to loop: NIOLoopBound<ListenerLoop>) throws {
    try channel.move(
      by: ClientBootstrap(group: loop.eventLoop)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .channelOption(.recvAllocator, value: ByteStreamHandler.readBuffers)
        .channelOption(.writeBufferWaterMark, value: waterMark)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try loop.value.accept(channel, ends) }
        })
  }

  /// What waits here for a client that does not read comes on top of the link's budget: little is enough.
  private static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 1, high: 16 * 1024)

  /// Accepts no more; connections say so to their clients and close when their exchanges are over.
  func drain() async {
    try? await channel.close()
    for table in connections { table.eventLoop.execute { table.value.drain() } }
  }

  /// Closes every connection now; those with an exchange that is not over end with RST.
  func abort() {
    for table in connections { table.eventLoop.execute { table.value.abort() } }
  }

  /// Exchanges that are open now, and those whose last bytes wait for a slow reader.
  func openExchangeCount() async throws -> Int {
    var count = 0
    for table in connections { count += try await table.eventLoop.submit { table.value.openExchangeCount }.get() }
    return count
  }

  private init(channel: any Channel, localAddress: SocketAddress, connections: [NIOLoopBound<ConnectionTable>]) {
    self.channel = channel
    self.localAddress = localAddress
    self.connections = connections
  }
}

/// A listener's part on one loop: makes wires for accepted connections and knows those that are open.
final class ListenerLoop {
  let connections = ConnectionTable()
  /// What new connections are shown; nil without TLS.
  var tls: NIOSSLContext?
  /// The index of the loop that a new connection is better served on than on this one; nil for none.
  let otherLoop: () -> Int?
  private let turn: LoopTurn
  private let makeWire: (RequestOrigin, SocketAddress?) -> any ByteStreamWire
  private let name: String
  private let wire: WireProtocol
  private let limits: CloseLimits

  /// - Parameters:
  ///   - name: the listener's name in the configuration.
  ///   - wire: what is spoken there, as far as the listener knows.
  ///   - limits: of each step of a close.
  ///   - otherLoop: asked for each new connection.
  ///   - makeWire: the wire for a connection from this client to this address of ours.
  init(
    name: String, wire: WireProtocol = .http1, turn: LoopTurn, tls: NIOSSLContext? = nil, limits: CloseLimits = CloseLimits(),
    otherLoop: @escaping () -> Int? = { nil }, makeWire: @escaping (RequestOrigin, SocketAddress?) -> any ByteStreamWire
  ) {
    self.name = name
    self.wire = wire
    self.turn = turn
    self.tls = tls
    self.limits = limits
    self.otherLoop = otherLoop
    self.makeWire = makeWire
  }

  fileprivate func accept(_ channel: any Channel, _ ends: ConnectionEnds) throws {
    let peer = ends.peer?.text ?? "unknown"
    let origin = RequestOrigin(wire: wire, identity: nil, peerAddress: peer, listener: name, isSecure: tls != nil)
    let connection = ListenerConnection(wire: makeWire(origin, ends.local))
    let handler = ByteStreamHandler(
      wire: connection.wire, turn: turn, lingers: true, limits: limits,
      onClose: { [connections] in connections.remove(connection) })
    connection.handler = handler
    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
    try channel.pipeline.syncOperations.addHandler(handler)
    connections.insert(connection)
  }
}

/// Both addresses of a connection, which a channel that has it from another one does not know at first.
private struct ConnectionEnds: Sendable {
  let peer: SocketAddress?
  let local: SocketAddress?
}

/// A client's connection.
final class ListenerConnection {
  let wire: any ByteStreamWire
  var handler: ByteStreamHandler?

  init(wire: any ByteStreamWire) {
    self.wire = wire
  }
}

/// The open connections of a listener on one loop.
final class ConnectionTable {
  private var connections: [ObjectIdentifier: ListenerConnection] = [:]
  private var isDraining = false

  var count: Int { connections.count }
  var openExchangeCount: Int { connections.values.reduce(0) { $0 + ($1.handler?.openExchangeCount ?? 0) } }

  func insert(_ connection: ListenerConnection) {
    connections[ObjectIdentifier(connection)] = connection
    if isDraining { connection.wire.drain() }
  }

  func remove(_ connection: ListenerConnection) {
    connections[ObjectIdentifier(connection)] = nil
    connection.handler = nil
  }

  func drain() {
    isDraining = true
    for connection in connections.values {
      connection.wire.drain()
      connection.handler?.setNeedsUpdate()
    }
  }

  func abort() {
    for connection in connections.values { connection.handler?.abort() }
  }
}
