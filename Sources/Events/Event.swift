/// Everything that happens in a gateway and that somebody may want to see: declared once here, turned into log lines and
/// metrics by sinks.
///
/// Figures that change with every packet (bytes, round-trip time, windows) are not events; they are read from the connections
/// when somebody asks (`ConnectionFigures`).
public enum Event: Sendable {
  // The process
  case started(role: Role, listeners: [String], link: String?, identity: String?, instance: String)
  case reloaded(what: [String])
  case reloadRefused(reason: String)
  case certificateExpires(name: String, daysLeft: Int)
  case drainBegan(deadline: Duration)
  case drainEnded(abandonedExchanges: Int)

  // QUIC connections
  case connectionAccepted(ConnectionName)
  case handshakeCompleted(ConnectionName, identity: String?, duration: Duration, isResumed: Bool)
  case handshakeFailed(ConnectionName, HandshakeFailure, reason: String)
  case earlyData(ConnectionName, EarlyDataOutcome)
  case connectionMigrated(ConnectionName, from: String)
  /// Datagrams to a peer leave from another address of this host now; its connections migrate.
  case addressChanged(from: String, to: String, peer: String)
  /// The kernel gives no news of changes of this host's addresses.
  case addressWatchUnavailable(reason: String)
  case connectionClosed(ConnectionName, ConnectionEnd, reason: String)
  case datagramRefused(DatagramRefusal, from: String)
  case offloadDisabled(Offload, reason: String)
  case traceStopped(file: String, reason: String)
  /// Tickets or records of early data cannot be kept or read; `consequence` says what is different.
  case earlyDataStorage(file: String, reason: String, consequence: String)

  // The link of an edge
  case linkChanged(LinkPhase, core: String, reason: String)
  /// An attempt to reach a core begins; `isBeside` while a connection to it is suspect.
  case linkDialled(core: String, address: String, isBeside: Bool)
  /// A connection that did not answer has answered or was lost; so many datagrams were sent on it meanwhile.
  case silentCoreProbed(core: String, datagrams: UInt64)
  /// The connection by which a core sends requests to this edge.
  case reversedLinkChanged(LinkPhase, core: String, reason: String)
  /// Two names of cores lead to one process.
  case coreMetTwice(core: String, other: String, instance: String)
  /// Requests that may be processed twice were sent again, because their connection does not answer or was lost.
  case requestsRepeated(count: Int)

  // The edges of a core
  /// `reason` is empty where there is nothing to add.
  case edge(EdgePhase, EdgeFacts, reason: String)

  // TCP listeners
  case acceptFailed(listener: String, reason: String)

  // Messages
  case exchangeEnded(ExchangeSummary)
  case earlyRequest(EarlyRequestStep)
  case messageRefused(wire: String, MessageRefusal, from: String, reason: String)
  case originFailed(service: String, origin: String, reason: String)
  /// An origin is out of use, or in use again.
  case originChanged(service: String, origin: String, OriginState, reason: String)
  case module(ModuleEvent)
}

/// Takes events on one event loop; a sink is confined to it.
public protocol EventSink: AnyObject {
  func record(_ event: Event)
}

/// Which end of the link this process is.
public enum Role: String, Sendable, CaseIterable {
  case core, edge
}

/// A QUIC connection as log lines name it.
public struct ConnectionName: Sendable, Hashable {
  /// Counts up from 1 in a process.
  public let number: UInt64
  /// The peer's address and port.
  public let peer: String

  public init(number: UInt64, peer: String) {
    self.number = number
    self.peer = peer
  }
}
