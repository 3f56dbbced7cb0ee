public import Events

/// What one loop has counted and is doing: a copy that may leave the loop. Snapshots of several loops add up.
public struct LoopSnapshot: Sendable {
  var requests: [RequestKey: RequestTotals] = [:]
  var outcomes: [ExchangeOutcome: UInt64] = [:]
  /// By status 0 to 16; the last is for numbers that gRPC does not define.
  var grpcStatuses = [UInt64](repeating: 0, count: 18)
  var originFailures: [String: UInt64] = [:]
  var originChanges: [OriginChangeKey: UInt64] = [:]
  var refusedMessages: [MessageRefusalKey: UInt64] = [:]

  var handshakes: [HandshakeResult: UInt64] = [:]
  var handshakeDuration = DurationHistogram()
  var closedConnections: [ConnectionEnd: UInt64] = [:]
  var migrations: UInt64 = 0
  var addressChanges: UInt64 = 0
  var earlyData: [EarlyDataOutcome: UInt64] = [:]
  var earlyRequests: [EarlyRequestStep: UInt64] = [:]
  var retired = PacketTotals()

  var linkPhases: [String: LinkPhase] = [:]
  var reversedLinkPhases: [String: LinkPhase] = [:]
  var linkChanges: [LinkPhase: UInt64] = [:]
  var linkDials: UInt64 = 0
  /// Those of them that were made beside a connection that did not answer.
  var linkDialsBeside: UInt64 = 0
  var silentCoreDatagrams: UInt64 = 0
  var repeatedRequests: UInt64 = 0

  /// Edges that are connected now, by a connection of this loop.
  var connectedEdges = 0
  var edgeChanges: [EdgePhase: UInt64] = [:]
  var modules = ModuleCounts()

  var datagrams = DatagramCounts()
  var refusedDatagrams: [DatagramRefusal: UInt64] = [:]
  var disabledOffloads: Set<Offload> = []
  var reloads: UInt64 = 0
  var refusedReloads: UInt64 = 0

  var gauges = LoopGauges()

  init() {}

  mutating func add(_ other: LoopSnapshot) {
    for (key, totals) in other.requests { requests[key, default: RequestTotals()].add(totals) }
    outcomes.merge(other.outcomes, uniquingKeysWith: +)
    for index in grpcStatuses.indices { grpcStatuses[index] += other.grpcStatuses[index] }
    originChanges.merge(other.originChanges, uniquingKeysWith: +)
    originFailures.merge(other.originFailures, uniquingKeysWith: +)
    refusedMessages.merge(other.refusedMessages, uniquingKeysWith: +)
    handshakes.merge(other.handshakes, uniquingKeysWith: +)
    handshakeDuration.add(other.handshakeDuration)
    closedConnections.merge(other.closedConnections, uniquingKeysWith: +)
    migrations += other.migrations
    addressChanges += other.addressChanges
    earlyData.merge(other.earlyData, uniquingKeysWith: +)
    earlyRequests.merge(other.earlyRequests, uniquingKeysWith: +)
    retired.add(other.retired)
    linkPhases.merge(other.linkPhases) { $1 }
    reversedLinkPhases.merge(other.reversedLinkPhases) { $1 }
    linkChanges.merge(other.linkChanges, uniquingKeysWith: +)
    linkDials += other.linkDials
    linkDialsBeside += other.linkDialsBeside
    silentCoreDatagrams += other.silentCoreDatagrams
    repeatedRequests += other.repeatedRequests
    connectedEdges += other.connectedEdges
    edgeChanges.merge(other.edgeChanges, uniquingKeysWith: +)
    modules.add(other.modules)
    datagrams.add(other.datagrams)
    refusedDatagrams.merge(other.refusedDatagrams, uniquingKeysWith: +)
    disabledOffloads.formUnion(other.disabledOffloads)
    reloads += other.reloads
    refusedReloads += other.refusedReloads
    gauges.openExchanges += other.gauges.openExchanges
    gauges.connections += other.gauges.connections
  }
}

/// What a loop is doing now; asked of the network when somebody wants the metrics.
public struct LoopGauges: Sendable {
  /// Requests and tunnels that are open on this loop.
  public var openExchanges: Int
  /// The QUIC connections that live on this loop.
  public var connections: [ObservedConnection]

  public init(openExchanges: Int = 0, connections: [ObservedConnection] = []) {
    self.openExchanges = openExchanges
    self.connections = connections
  }
}

/// A QUIC connection's figures, and a name if it is to be shown by itself.
public struct ObservedConnection: Sendable {
  /// `forward` or `reversed` on an edge, which has few; nil on a core, where only the sums are shown.
  public var name: String?
  public var figures: ConnectionFigures

  public init(name: String? = nil, figures: ConnectionFigures) {
    self.name = name
    self.figures = figures
  }
}

/// What a loop's UDP socket has done; the network adds to it after each burst, not for each datagram.
public struct DatagramCounts: Sendable, Equatable {
  public var received: UInt64 = 0
  public var receivedBytes: UInt64 = 0
  public var sent: UInt64 = 0
  public var sentBytes: UInt64 = 0
  /// System calls that sent more than one datagram.
  public var segmentedBatches: UInt64 = 0
  /// Reads that brought more than one datagram.
  public var coalescedReads: UInt64 = 0

  public init() {}

  mutating func add(_ other: DatagramCounts) {
    received += other.received
    receivedBytes += other.receivedBytes
    sent += other.sent
    sentBytes += other.sentBytes
    segmentedBatches += other.segmentedBatches
    coalescedReads += other.coalescedReads
  }
}

struct RequestKey: Sendable, Hashable {
  var service: String
  var direction: Direction
}

struct RequestTotals: Sendable, Equatable {
  var statusClasses = [UInt64](repeating: 0, count: StatusClass.allCases.count)
  var requestBytes: UInt64 = 0
  var responseBytes: UInt64 = 0
  var duration = DurationHistogram()

  mutating func add(_ other: RequestTotals) {
    for index in statusClasses.indices { statusClasses[index] += other.statusClasses[index] }
    requestBytes += other.requestBytes
    responseBytes += other.responseBytes
    duration.add(other.duration)
  }
}

/// The class of a final status; no answer at all and numbers beyond 599 have classes of their own.
enum StatusClass: Int, CaseIterable {
  case none, informational, successful, redirection, clientError, serverError, other

  init(_ status: Int?) {
    self = status.map { Self(rawValue: $0 / 100) ?? .other } ?? .none
    if let status, status < 100 { self = .other }
  }

  var label: String {
    switch self {
    case .none: "none"
    case .other: "other"
    default: "\(rawValue)xx"
    }
  }
}

struct OriginChangeKey: Sendable, Hashable {
  var service: String
  var state: OriginState
}

struct MessageRefusalKey: Sendable, Hashable {
  var wire: String
  var refusal: MessageRefusal
}

enum HandshakeResult: Sendable, Hashable {
  case full, resumed
  case failed(HandshakeFailure)
}

/// Sums over connections that only ever grow.
struct PacketTotals: Sendable, Equatable {
  var bytesSent: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var packetsSent: UInt64 = 0
  var packetsReceived: UInt64 = 0
  var packetsLost: UInt64 = 0
  var copiesSent: UInt64 = 0
  var copyBytesSent: UInt64 = 0

  mutating func add(_ figures: ConnectionFigures) {
    bytesSent += figures.bytesSent
    bytesReceived += figures.bytesReceived
    packetsSent += figures.packetsSent
    packetsReceived += figures.packetsReceived
    packetsLost += figures.packetsLost
    copiesSent += figures.copiesSent
    copyBytesSent += figures.copyBytesSent
  }

  mutating func add(_ other: PacketTotals) {
    bytesSent += other.bytesSent
    bytesReceived += other.bytesReceived
    packetsSent += other.packetsSent
    packetsReceived += other.packetsReceived
    packetsLost += other.packetsLost
    copiesSent += other.copiesSent
    copyBytesSent += other.copyBytesSent
  }
}
