import Events
import Exchange
import Gateway
import HTTP3
import NIOCore
import Observability
import QUICTransport
import Wires

/// A core's side of a reversed connection: opens exchanges at the edge, and tells the registries what becomes of it. Lives on the
/// connection's loop.
final class ReversedEdge: ExchangeHandler {
  private let wire: HTTP3ClientWire
  private let announcements: AnnouncementStream
  private var state = ReversedEdgeState()
  private var watch: LivenessWatch!
  private unowned let connection: Connection
  private let loop: LoopContext
  private let name: () -> ConnectionName
  private let hasRoom: (_ identity: String, _ instance: [UInt8]) -> Bool
  private let publish: (EdgeNews) -> Void
  private var door: EdgeDoor?
  private var pace = AnnouncementPace()
  private var isSilent = false
  /// The edge's, once it is announced.
  private var instance: [UInt8]?

  /// - Parameters:
  ///   - name: the connection's, as it is now.
  ///   - streamWait: bounds how long a request may wait for a stream.
  ///   - hasRoom: whether another process of an identity may be listed.
  ///   - publish: tells the registries of all loops.
  init(
    _ connection: Connection, loop: LoopContext, options: CoreOptions, name: @escaping () -> ConnectionName, streamWait: CoarseTimer,
    hasRoom: @escaping (_ identity: String, _ instance: [UInt8]) -> Bool, publish: @escaping (EdgeNews) -> Void
  ) {
    wire = HTTP3ClientWire(peer: .edge, configuration: options.http3, events: loop.events)
    announcements = AnnouncementStream(beside: wire.application)
    self.connection = connection
    self.loop = loop
    self.name = name
    wire.boundWaits(by: streamWait, limit: options.limits.linkWait)
    self.hasRoom = hasRoom
    self.publish = publish
    announcements.send(.core(CoreAnnouncement(instance: options.process.instance, version: options.process.version)))
    watch = LivenessWatch(
      connection, limits: .towardsEdges, eventLoop: loop.eventLoop, isInUse: { [wire] in wire.busyExchangeCount > 0 },
      act: { [unowned self] in act($0) })
  }

  /// What the connection feeds and drains.
  var application: any StreamApplication { announcements.application }

  var openExchangeCount: Int { wire.openExchangeCount }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    wire.open(request, respondingTo: sink)
  }

  // MARK: What the connection tells

  /// The edge's certificate is verified, and what it says is no copy of what it said before; or its handshake is complete.
  func proved(identity: String?, isConfirmed: Bool) { run(state.proved(identity: identity, isConfirmed: isConfirmed)) }

  func migrated(to address: String) { publish(.migrated(id, peerAddress: address)) }

  /// Something was received or a timer has fired.
  func serve() {
    wire.processEvents()
    do throws(ApplicationError) {
      if case .edge(let announcement)? = try announcements.takeReceived() {
        try pace.take(now: .now())
        guard announcement.instance == instance ?? announcement.instance else {
          throw ApplicationError(
            code: HTTP3ErrorCode.messageError.rawValue, reason: "a process does not change its instance while it runs")
        }
        instance = announcement.instance
        run(state.announced(announcement))
      }
    } catch {
      connection.close(applicationCode: error.code, reason: error.reason)
    }
    if wire.isDraining { run(state.goesAway()) }
  }

  /// Output was written.
  func served() {
    wire.processEvents()
    if connection.phase == .established { watch.look() }
    guard state.isGoingAway, wire.openExchangeCount == 0, connection.phase == .established else { return }
    connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "nothing new is begun on it, and nothing is open")
  }

  /// Begins nothing new; what is open is finished.
  func drain() {
    wire.drain()
    run(state.goesAway())
  }

  /// Finds out whether the edge is still there, and tells all loops that it is in doubt as long as that takes.
  func doubt() {
    run(state.suspected(true))
    watch.ask(interval: LivenessLimits.towardsEdges.probeInterval) { [unowned self] in run(state.suspected(false)) }
  }

  func closed(_ closure: ConnectionClosure) {
    watch.end()
    announcements.connectionClosed()
    run(state.ended(closure.isOnPurpose && !isSilent ? .closed : .lost), reason: closure.reason)
    wire.connectionClosed(
      GatewayError(
        .destinationUnavailable, side: .edge, message: "the connection to the edge at \(name().peer) was lost: \(closure.reason)"))
    door?.shut(peer: name().peer)
    door = nil
  }

  private func act(_ action: LinkLiveness.Action) {
    switch action {
    case .keepAlive: break
    case .becameSuspect: run(state.suspected(true))
    case .answered: run(state.suspected(false))
    case .lost(let silence):
      isSilent = true
      connection.close(applicationCode: HTTP3ErrorCode.noError.rawValue, reason: "no answer for \(silence.rounded)")
    }
  }

  private func run(_ actions: [ReversedEdgeState.Action], reason: String = "") {
    for action in actions {
      switch action {
      case .arrive(let identity, let announcement, let isConfirmed):
        guard hasRoom(identity, announcement.instance) else {
          connection.close(
            applicationCode: HTTP3ErrorCode.excessiveLoad.rawValue, reason: "too many processes of \(identity) are connected already")
          continue
        }
        publish(.arrived(arrival(identity, announcement, isConfirmed: isConfirmed)))
      case .confirm: publish(.confirmed(id))
      case .announce(let announcement): publish(.announced(id, announcement))
      case .suspect(let isSuspect): publish(.suspected(id, isSuspect))
      case .drain: publish(.draining(id))
      case .leave(let departure): publish(.left(id, departure, reason: reason))
      }
    }
  }

  var id: EdgeConnectionID { EdgeConnectionID(name().number) }

  private func arrival(_ identity: String, _ announcement: EdgeAnnouncement, isConfirmed: Bool) -> EdgeArrival {
    let door = EdgeDoor(to: self, figures: { [connection] in EdgeLinkFigures(connection.figures) })
    self.door = door
    return EdgeArrival(
      id: id, identity: identity, announcement: announcement, peerAddress: name().peer, since: WallTime.now().milliseconds,
      arrival: .now(), isConfirmed: isConfirmed, homeIndex: loop.index, door: NIOLoopBound(door, eventLoop: loop.eventLoop),
      handler: NIOLoopBound(door, eventLoop: loop.eventLoop),
      waysBack: loop.handOvers.map { NIOLoopBound($0, eventLoop: loop.eventLoop) })
  }
}

extension LivenessLimits {
  /// Of a core: an idle edge is asked by its own keep-alive, and by the core's only when that does not come.
  static let towardsEdges = {
    var limits = LivenessLimits.defaults
    limits.idleKeepAlive = limits.idleKeepAlive + .seconds(3)
    return limits
  }()
}

extension EdgeLinkFigures {
  fileprivate init(_ figures: ConnectionFigures) {
    self.init(
      smoothedRoundTrip: figures.smoothedRoundTrip, packetsSent: figures.packetsSent, packetsLost: figures.packetsLost)
  }
}

extension WallTime {
  /// Since 1970 (UTC).
  fileprivate var milliseconds: Int64 { seconds * 1000 + Int64(nanoseconds) / 1_000_000 }
}

extension ConnectionClosure {
  /// Whether one of the ends wanted it.
  fileprivate var isOnPurpose: Bool {
    switch cause {
    case .handshake: false
    case .end(let end): end == .closedByPeer || end == .closedByUs
    }
  }
}
