internal import DequeModule
internal import Events
public import NIOCore

/// Many connections of both roles on one UDP socket: finds the connection of a datagram, accepts new ones, and answers what
/// belongs to none (Version Negotiation, Retry, stateless reset). No socket and no clock in it.
///
/// A turn of the event loop: `receive` for every datagram, `handleTimeout` when `deadline` has passed, then one `service` that
/// visits the connections with output or events, and `nextStatelessDatagram` until nil. A connection without either costs
/// nothing.
@safe
public final class Endpoint {
  public let configuration: EndpointConfiguration

  /// While false, new connections from clients are not answered; those that exist go on.
  public var acceptsConnections = true

  /// Handshakes of clients that are not complete.
  public var handshakesInProgress: Int { admission.inProgress }
  var admission: HandshakeAdmission<WaitingHandshake>

  /// The owner holds the endpoint. Not weak: that would make every other reference to it dearer, on each packet.
  unowned let owner: any EndpointOwner
  var random: any RandomNumberGenerator
  var connectionsByID: [ConnectionID: Connection] = [:]
  var connectionsByResetToken: [ResetToken: Connection] = [:]
  /// The connection that the last datagram was for.
  private var lastFound: (id: ConnectionID, connection: Connection)?
  private var all: [ObjectIdentifier: Connection] = [:]
  private var heap = DeadlineHeap()
  private var ready: [Connection] = []
  private var visiting: [Connection] = []
  var statelessDatagrams = Deque<StatelessDatagram>()
  var statelessBudget: TokenBucket
  let resetKey: [UInt8]
  let retryKey: [UInt8]

  public init(
    configuration: EndpointConfiguration, owner: any EndpointOwner,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.configuration = configuration
    self.owner = owner
    self.random = random
    admission = HandshakeAdmission(configuration)
    statelessBudget = TokenBucket(perSecond: configuration.statelessDatagramsPerSecond)
    resetKey = derive(key: configuration.secret, from: Array("quicgw stateless reset \(configuration.stableName)".utf8))
    retryKey = derive(key: configuration.secret, from: Array("quicgw retry token".utf8))
  }

  deinit {
    for connection in all.values { unsafe connection.endpoint = nil }
  }

  // MARK: A turn of the loop

  /// Takes one datagram (GRO batches are split by the caller).
  public func receive(_ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline) {
    // Bulk comes in runs of short headers for one connection ID.
    if let lastFound, unsafe DatagramHeader.isShort(datagram, to: lastFound.id) {
      if let cause = unsafe lastFound.connection.receive(datagram, path: path, ecn: ecn, now: now) { refuse(cause, path) }
      return
    }
    guard let header = unsafe DatagramHeader(datagram) else {
      return refuse(datagram.count < Endpoint.shortestDatagramBytes ? .tooShort : .malformed, path)
    }
    if let connection = find(header.destination) {
      if let cause = unsafe connection.receive(datagram, path: path, ecn: ecn, now: now) { refuse(cause, path) }
    } else {
      unsafe receiveUnknown(datagram, header, path: path, ecn: ecn, now: now)
    }
  }

  /// Calls `visit` once for each connection with output or events: it takes `nextEvent` until nil and `nextBurst` until nil or
  /// until the socket takes no more. A connection that still has output afterwards stays on the list for the next call.
  public func service(now: NIODeadline, _ visit: (Connection) -> Void) {
    beginWaitingHandshakes(now: now)
    swap(&ready, &visiting)
    for connection in visiting where !connection.isRemoved {
      visit(connection)
      connection.isEnrolled = false
      if connection.isFinished {
        remove(connection)
        continue
      }
      if !connection.isOpen { handshakeEnded(connection) }
      if let deadline = connection.deadline { heap.schedule(connection, at: deadline) }
      if connection.needsWrite || !connection.events.isEmpty {
        connection.isEnrolled = true
        ready.append(connection)
      }
    }
    visiting.removeAll(keepingCapacity: true)
  }

  /// Whether `service` has something to do.
  public var needsService: Bool { !ready.isEmpty || admission.hasNext }

  /// The earliest time that `handleTimeout` wants to be called, or somewhat earlier; nil while there is no connection.
  public var deadline: NIODeadline? { heap.earliest }

  /// Acts on deadlines that have passed; `service` is called afterwards.
  public func handleTimeout(now: NIODeadline) {
    while let connection = heap.popDue(now: now) {
      if let deadline = connection.deadline, deadline > now {
        heap.schedule(connection, at: deadline)
      } else {
        connection.handleTimeout(now: now)
        connection.enroll()
      }
    }
  }

  // MARK: All connections

  /// All connections, in no order.
  public var connections: [Connection] { Array(all.values) }

  /// The number of connections, those that are closing included.
  public var connectionCount: Int { all.count }

  /// Closes all connections; they leave the endpoint when their closing periods are over.
  public func closeAll(applicationCode: UInt64, reason: String) {
    for connection in all.values { connection.close(applicationCode: applicationCode, reason: reason) }
  }

  // MARK: Tables

  func add(_ connection: Connection) {
    all[ObjectIdentifier(connection)] = connection
    connection.enroll()
  }

  func remove(_ connection: Connection) {
    connection.isRemoved = true
    handshakeEnded(connection)
    heap.remove(connection)
    for id in connection.connectionIDs { connectionsByID[id] = nil }
    for token in connection.resetTokens { connectionsByResetToken[token] = nil }
    if lastFound?.connection === connection { lastFound = nil }
    all[ObjectIdentifier(connection)] = nil
    // Somebody may hold the connection for longer than this endpoint lives.
    unsafe connection.endpoint = nil
    // The application holds its transport.
    connection.application = nil
  }

  private func find(_ id: ConnectionID) -> Connection? {
    guard let connection = connectionsByID[id] else { return nil }
    lastFound = (id, connection)
    return connection
  }

  func register(_ id: ConnectionID, for connection: Connection) {
    connectionsByID[id] = connection
    connection.connectionIDs.append(id)
  }

  func retire(_ id: ConnectionID, of connection: Connection) {
    connectionsByID[id] = nil
    connection.connectionIDs.removeAll { $0 == id }
    if lastFound?.id == id { lastFound = nil }
  }

  func register(_ token: ResetToken, for connection: Connection) {
    connectionsByResetToken[token] = connection
    connection.resetTokens.append(token)
  }

  func retire(_ token: ResetToken, of connection: Connection) {
    connectionsByResetToken[token] = nil
    connection.resetTokens.removeAll { $0 == token }
  }

  /// Puts a connection on the list of those to visit; it is not on it.
  func enroll(_ connection: Connection) {
    connection.isEnrolled = true
    ready.append(connection)
    if ready.count == 1 { owner.endpointNeedsService() }
  }

  /// The connection no longer counts as a handshake in progress.
  func handshakeEnded(_ connection: Connection) {
    guard let block = connection.handshakeBlock else { return }
    connection.handshakeBlock = nil
    admission.released(block)
  }

  func refuse(_ cause: DatagramRefusal, _ path: NetworkPath) {
    owner.refused(cause, from: path.remote)
  }

  /// A short header, a connection ID of ours and the least that a packet protects (RFC 9001 §5.4.2).
  static let shortestDatagramBytes = 21
}

/// Why a connection could not even be begun.
public enum ConnectError: Error, Sendable {
  case libraryFailure(String)
}
