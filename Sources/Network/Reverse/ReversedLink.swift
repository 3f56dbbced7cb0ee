import Events
import Exchange
import Gateway
import HTTP3
import HTTPMessage
import NIOCore
import Observability
import QUICTransport
import Wires

/// A connection on which a core sends requests to an edge.
typealias ReversedConnection = DialledConnection<ReversedServerWire>

/// An edge's reversed connections, one to each of its cores: on them the cores send requests, which go to the origins of what the
/// edge exposes.
///
/// Lives on the link's loop, with its origins. Nothing is dialled before something is exposed.
final class ReversedLink {
  private let loop: LoopContext
  private let options: EdgeOptions
  private let gateway: Gateway
  private let pools: OriginPools
  private var announcement: EdgeAnnouncement
  private var dialers: [CoreDialer<ReversedServerWire>] = []
  private var cores = CoreInstances()
  private var isStarted = false
  private var isDraining = false
  private var drainingCount = 0

  init(
    _ exposure: EdgeExposure, loop: LoopContext, options: EdgeOptions, originTLS: OriginTLSContexts, driver: EndpointDriver,
    tracing: Tracing?, link: QUICLink
  ) {
    self.loop = loop
    self.options = options
    let hop = Hop(role: .edge, direction: .coreToEdge, name: options.hop.name)
    let pools = OriginPools(
      loop: loop, hop: hop.name, limits: options.limits, tls: originTLS, tunnels: TunnelCounts(options.limits.tunnels))
    self.pools = pools
    pools.prepare(exposure.policy.routing.services)
    gateway = Gateway(
      hop: hop, policy: exposure.policy, destinations: .origins { pools.pool(for: $0) }, events: loop.events, now: { .now() })
    announcement = exposure.announcement(instance: options.process.instance, version: options.process.version)
    loop.metrics.admit(services: announcement.services)
    dialers = options.cores.map {
      CoreDialer(
        $0, protocolName: ReversedServerWire.protocolName, ticketName: "reversed", loop: loop, options: options, driver: driver,
        tracing: tracing, link: link, user: self)
    }
  }

  func start() {
    guard !isStarted, !isDraining, !announcement.services.isEmpty else { return }
    isStarted = true
    for dialer in dialers { dialer.start() }
  }

  /// New requests are served by what is exposed now, and the cores are told of it.
  func reload(_ exposure: EdgeExposure, originTLS: OriginTLSContexts) {
    gateway.policy = exposure.policy
    pools.reload(services: exposure.policy.routing.services, tls: originTLS)
    let changed = exposure.announcement(instance: options.process.instance, version: options.process.version)
    loop.metrics.admit(services: changed.services)
    guard changed != announcement else { return }
    announcement = changed
    for dialled in dialers.flatMap(\.dialled) { dialled.wire.announcements.send(.edge(changed)) }
    start()
  }

  /// This core answers on the forward link: it is there again.
  func hurry(_ core: CoreName) {
    for dialer in dialers where dialer.core == core { dialer.hurry() }
  }

  /// Shows the cores where the connections come from now.
  func ask(except connection: AnyObject) {
    for dialer in dialers { dialer.askAll(except: connection) }
  }

  var openExchangeCount: Int { dialers.reduce(0) { $0 + $1.openExchangeCount } }

  /// Takes nothing new: the cores are told on every connection.
  func drain() {
    isDraining = true
    for dialer in dialers {
      dialer.drain()
      for dialled in dialer.dialled { drain(dialled, of: dialer) }
    }
  }

  /// Whether everything that began before the drain is over.
  var isDrained: Bool { openExchangeCount == 0 && drainingCount == 0 }

  private func drain(_ dialled: ReversedConnection, of dialer: CoreDialer<ReversedServerWire>) {
    drainingCount += 1
    dialled.wire.requests.drain(within: dialer.roundTrip(of: dialled), on: loop.eventLoop) { [self] in drainingCount -= 1 }
  }

  private func place(of dialled: ReversedConnection) -> Int? {
    dialers.firstIndex { $0.current === dialled }
  }
}

extension ReversedLink: CoreDialerUser {
  func makeWire() -> ReversedServerWire {
    ReversedServerWire(
      HTTP3ServerWire(handler: gateway, hop: options.hop.name, events: loop.events, configuration: options.http3))
  }

  /// Only cores want connections of this kind, and they cannot say so.
  var isWanting: Bool { false }

  func began(_ dialled: ReversedConnection, isEarly: Bool) {
    dialled.wire.announcements.send(.edge(announcement))
  }

  func uses(_ dialled: ReversedConnection, insteadOf former: ReversedConnection?) {
    dialled.wire.requests.authorize(
      RequestOrigin(
        wire: .http3, identity: nil, peerAddress: dialled.name.peer, listener: Self.listenerName, isSecure: true))
    if isDraining, let place = place(of: dialled) { drain(dialled, of: dialers[place]) }
  }

  func processed(_ dialled: ReversedConnection) {
    guard let place = place(of: dialled) else { return }
    do throws(ApplicationError) {
      guard case .core(let core)? = try dialled.wire.announcements.takeReceived() else { return }
      let meeting = cores.met(core.instance, at: place)
      for wanted in meeting.wanted { dialers[wanted].start() }
      for other in meeting.others {
        loop.events.record(
          .coreMetTwice(
            core: "\(dialers[place].core)", other: "\(dialers[other].core)", instance: Hexadecimal.text(core.instance)))
      }
    } catch {
      dialers[place].close(dialled, code: error.code, reason: error.reason)
    }
  }

  func suspects(_ dialled: ReversedConnection) {}

  func hears(_ dialled: ReversedConnection) {}

  func isAnswered(on dialled: ReversedConnection) -> Bool { dialled.wire.openExchangeCount > 0 }

  func mayRest(_ dialled: ReversedConnection) -> Bool {
    guard let place = place(of: dialled) else { return false }
    switch cores.left(place) {
    case .rests: return true
    case .isWanted(let others):
      for other in others { dialers[other].start() }
      return false
    }
  }

  func ended(_ dialled: ReversedConnection, _ closure: ConnectionClosure) {
    dialled.wire.connectionClosed()
  }

  func report(_ phase: LinkPhase, core: CoreName, reason: String) {
    loop.events.record(.reversedLinkChanged(phase, core: "\(core)", reason: reason))
  }

  func title(of core: CoreName) -> String { options.cores.count == 1 ? "reversed" : "reversed \(core)" }

  /// The core's requests come through no listener.
  private static let listenerName = "reversed"
}
