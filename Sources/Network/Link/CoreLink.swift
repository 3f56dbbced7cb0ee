import Events
import Exchange
import HTTP3
import NIOCore
import Observability
import QUICTransport
import Wires

/// An edge's link to one of its cores: says which connection takes requests, sends them with first flights, and moves them away from
/// what does not answer. Lives on the link's loop.
final class CoreLink {
  let name: CoreName
  private let loop: LoopContext
  private let options: EdgeOptions
  private unowned let link: QUICLink
  private var dialer: CoreDialer<HTTP3ClientWire>!
  /// The newest attempt that carries requests before its core has answered (RFC 8470).
  private(set) var early: ForwardConnection?
  /// Why there is no link, for who has to be told that.
  private(set) var lastTrouble = "the first handshake is under way"

  init(_ name: CoreName, loop: LoopContext, options: EdgeOptions, driver: EndpointDriver, tracing: Tracing?, link: QUICLink) {
    self.name = name
    self.loop = loop
    self.options = options
    self.link = link
    dialer = CoreDialer(
      name, protocolName: Array("h3".utf8), ticketName: "h3", loop: loop, options: options, driver: driver, tracing: tracing, link: link,
      user: self)
  }

  var current: ForwardConnection? { dialer.current }

  /// Whether new requests are served here: the core answers.
  var isUsable: Bool { dialer.isUsable }

  /// Whether the core has accepted our certificate and answers.
  var isConfirmed: Bool { isUsable && current?.isConfirmed == true }

  var openExchangeCount: Int { dialer.openExchangeCount }

  func start() { dialer.start() }

  /// A request waits for a link; dialling may hurry.
  func wanted() { dialer.wanted() }

  /// No request waits any more.
  func unwanted() { dialer.unwanted() }

  /// Shows its core where its connections come from now.
  func ask(except connection: AnyObject) { dialer.askAll(except: connection) }

  /// Whether requests have left with an attempt and wait for its core's answer.
  var carriesEarlyRequests: Bool { early.map { $0.wire.openExchangeCount > 0 } ?? false }

  /// No new exchanges; those that are open are finished.
  func drain() {
    dialer.drain()
    current?.wire.drain()
  }

  /// Some core answers, this one or another. What only a silent connection or attempts carry goes there, if it may be sent twice.
  func becameUsable() {
    if let current, current.isSuspect { repeatExchanges(of: current) }
    for dialled in dialer.dialled where dialled !== current && !dialled.isConfirmed {
      for response in dialled.wire.openResponses { LinkExchange.behind(response)?.goBesideRides() }
    }
  }

  /// Sends what may be sent twice on a connection that answers, from one that does not.
  private func repeatExchanges(of silent: ForwardConnection) {
    link.repeated(silent.wire.openResponses.count { LinkExchange.behind($0)?.leaveSilentConnection() == true })
  }
}

extension CoreLink: CoreDialerUser {
  func makeWire() -> HTTP3ClientWire {
    let wire = HTTP3ClientWire(
      peer: .core, configuration: options.http3, mayBeRepeated: options.mayBeRepeated, events: loop.events)
    link.boundWaits(on: wire)
    return wire
  }

  var isWanting: Bool { link.isWanted }

  /// Requests that may be processed twice leave with the first flight of an attempt: those that wait, those that went with an attempt
  /// before it, and those on a connection that does not answer.
  func began(_ dialled: ForwardConnection, isEarly: Bool) {
    guard isEarly else { return }
    let former = early
    early = dialled
    // Where another core answers, requests go there.
    guard !link.hasUsableCore else { return }
    for silent in [former, current] where silent?.isOver == false {
      let copied = silent?.wire.openResponses.count { LinkExchange.behind($0)?.ride(on: dialled) == true } ?? 0
      if silent === current { link.repeated(copied) }
    }
    link.becameEarly(dialled)
  }

  func uses(_ dialled: ForwardConnection, insteadOf former: ForwardConnection?) {
    early = nil
    for response in dialled.wire.openResponses { LinkExchange.behind(response)?.answered(on: dialled) }
    link.becameUsable()
    link.reversed.hurry(name)
    // One that has only grown old answers what is open on it.
    if let former, former.isSuspect { repeatExchanges(of: former) }
  }

  func processed(_ dialled: ForwardConnection) {}

  func suspects(_ dialled: ForwardConnection) {
    if link.hasUsableCore { repeatExchanges(of: dialled) }
  }

  func hears(_ dialled: ForwardConnection) {
    early = nil
    link.becameUsable()
  }

  func isAnswered(on dialled: ForwardConnection) -> Bool {
    dialled.wire.openResponses.contains { LinkExchange.behind($0)?.isCarried(by: dialled) == true }
  }

  func mayRest(_ dialled: ForwardConnection) -> Bool { false }

  func ended(_ dialled: ForwardConnection, _ closure: ConnectionClosure) {
    if early === dialled { early = nil }
    dialled.wire.connectionClosed(
      GatewayError(
        .destinationUnavailable, side: .core, retry: closure.isRefusal && !dialled.isConfirmed ? .safe : .unsafe,
        message: "the link to \(name) was lost: \(closure.reason)"))
  }

  func report(_ phase: LinkPhase, core: CoreName, reason: String) {
    if phase != .confirmed { lastTrouble = reason }
    loop.events.record(.linkChanged(phase, core: "\(core)", reason: reason))
    if phase == .confirmed { link.becameConfirmed() } else { link.hasTrouble() }
  }

  func title(of core: CoreName) -> String { options.cores.count == 1 ? "forward" : "forward \(core)" }
}
