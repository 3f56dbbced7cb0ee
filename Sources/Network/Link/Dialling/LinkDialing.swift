import NIOCore
import QUICTransport

/// When an edge dials which address of its core, and which connection carries requests: a pure value; the link runs its actions.
///
/// All addresses of the core's name are tried, the next one when the last has not answered for a moment (RFC 8305 §5), round
/// after round; the first whose handshake is complete is used and the others are closed. While the connection in use is suspect
/// the same goes on beside it, and whichever answers first is used. The name is looked up again meanwhile, but never waited for
/// once addresses are known: on a dead link name servers may be as silent as the core.
struct LinkDialing {
  enum Action: Equatable {
    case resolve
    case dial(Attempt, Address)
    /// The same, with a full handshake.
    case renew(Attempt, Address)
    /// Close an attempt that is not needed, because another one was faster.
    case abandon(Attempt)
    /// Forget an attempt of which nobody has ever heard.
    case discard(Attempt)
    /// Call `timerFired` after so long; replaces an earlier timer.
    case wait(Duration)
    case cancelTimer
    /// Requests go to this connection from now on. The one before, if there is one, keeps what is open on it.
    case use(Attempt)
    /// There is no connection any more.
    case lose
  }

  /// Names one connection attempt, and the connection that came of it.
  struct Attempt: Hashable {
    let number: UInt64
  }

  /// The time of an event, and a random number between 0 and 1 that keeps a fleet from doing the same at once.
  struct Moment {
    var now: NIODeadline
    var jitter: Double
  }

  private(set) var current: Attempt?
  private var phase = Phase.idle
  /// Attempts under way, the oldest first.
  private var open: [OpenAttempt] = []
  private var addresses: [Address] = []
  private var untried: ArraySlice<Address> = []
  private var isResolving = false
  private var roundsSinceLookUp = 0
  private var isCurrentConfirmed = false
  private var hasLinked = false
  private var isSuspect = false
  private var isWanted = false
  /// When the timer fires that leads to the next attempt.
  private var nextAt = NIODeadline.distantPast
  private var refusals = 0
  private var began = NIODeadline.distantPast
  private var nextNumber: UInt64 = 1
  private let pace: DialingPace

  init(pace: DialingPace = .defaults) {
    self.pace = pace
  }

  /// Whether the connection in use is suspect and others are tried beside it.
  var isDialingBeside: Bool { current != nil && isSuspect }

  mutating func started(_ moment: Moment) -> [Action] {
    guard phase == .idle else { return [] }
    return beginRounds(moment)
  }

  /// The core's name has these addresses, in the order to try them; empty when it could not be resolved.
  mutating func resolved(_ addresses: [Address], _ moment: Moment) -> [Action] {
    isResolving = false
    if !addresses.isEmpty { self.addresses = addresses }
    guard phase == .resolving else { return [] }
    phase = .dialing
    untried = self.addresses[...]
    return untried.isEmpty ? [wait(pause(moment), moment)] : dialNext(moment)
  }

  /// Something came from the core on this attempt; further ones are put off, to let it go on.
  ///
  /// - Parameter hasMuchToDo: the core has sent a Retry (RFC 9000 §8.1.2): it may have a whole fleet to serve, each in its turn.
  mutating func heard(_ attempt: Attempt, hasMuchToDo: Bool, _ moment: Moment) {
    guard let index = open.firstIndex(where: { $0.attempt == attempt }) else { return }
    open[index].patientUntil = moment.now + TimeAmount(hasMuchToDo ? pace.patienceInLine : pace.patience)
  }

  /// The handshake is complete: the core is there and is the right one. Whether it takes our certificate is not known yet.
  mutating func completed(_ attempt: Attempt) -> [Action] {
    guard let index = open.firstIndex(where: { $0.attempt == attempt }) else {
      return current == attempt ? [] : [.abandon(attempt)]
    }
    open.remove(at: index)
    let others = takeOpen()
    (current, isCurrentConfirmed, isSuspect, phase, hasLinked) = (attempt, false, false, .linked, true)
    return others + [.cancelTimer, .use(attempt)]
  }

  /// The core has accepted our certificate on this connection.
  mutating func confirmed(_ attempt: Attempt) {
    guard attempt == current else { return }
    (isCurrentConfirmed, refusals, untried) = (true, 0, [])
  }

  /// An attempt failed, or a connection ended or takes no new requests.
  ///
  /// - Parameter isRefused: the core has answered, and does not want us now; it is asked less and less often.
  mutating func ended(_ attempt: Attempt, isRefused: Bool, _ moment: Moment) -> [Action] {
    guard phase != .stopped else { return [] }
    if attempt == current {
      let wasConfirmed = isCurrentConfirmed
      (current, isSuspect) = (nil, false)
      // A link that worked is dialled again at once.
      if wasConfirmed { return [.lose] + beginRounds(moment) }
      if isRefused { refusals += 1 }
      phase = .dialing
      return [.lose] + (untried.isEmpty ? [wait(pause(moment), moment)] : dialNext(moment))
    }
    guard let index = open.firstIndex(where: { $0.attempt == attempt }) else { return [] }
    open.remove(at: index)
    if isRefused { refusals += 1 }
    guard phase == .dialing else { return [] }
    return untried.isEmpty ? [] : dialNext(moment)
  }

  /// The session of the connection in use has grown old: one attempt at the same address takes its place if it comes about.
  mutating func aged(_ attempt: Attempt, at address: Address, _ moment: Moment) -> [Action] {
    guard attempt == current, phase == .linked, open.isEmpty else { return [] }
    let next = Attempt(number: nextNumber)
    nextNumber += 1
    open.append(OpenAttempt(attempt: next, began: moment.now))
    return [.renew(next, address)]
  }

  /// The connection in use does not answer.
  mutating func suspected(_ attempt: Attempt, _ moment: Moment) -> [Action] {
    guard attempt == current, phase == .linked else { return [] }
    isSuspect = true
    return beginRounds(moment)
  }

  /// The connection that was suspect answers again, before any other did.
  mutating func answered(_ attempt: Attempt) -> [Action] {
    guard attempt == current, isSuspect else { return [] }
    (isSuspect, phase) = (false, .linked)
    return takeOpen() + [.cancelTimer]
  }

  /// A request waits for the link: the next attempt does not, however seldom they have become.
  mutating func wanted(_ moment: Moment) -> [Action] {
    guard !isWanted else { return [] }
    isWanted = true
    let delay = max(pace.eagerPause, refusedPause) * (0.5 + moment.jitter)
    guard phase == .dialing, moment.now + TimeAmount(delay) < nextAt else { return [] }
    return [wait(delay, moment)]
  }

  /// No request waits any more.
  mutating func unwanted() { isWanted = false }

  mutating func timerFired(_ moment: Moment) -> [Action] {
    guard phase == .dialing else { return [] }
    if let patientUntil = open.compactMap(\.patientUntil).max(), moment.now < patientUntil {
      return [wait(Duration(patientUntil - moment.now), moment)]
    }
    return untried.isEmpty ? beginRound(moment) : dialNext(moment)
  }

  /// The connection in use is to be the last for now; `started` begins anew. It is left to whoever holds it.
  mutating func rested() -> [Action] {
    (current, isSuspect, phase, untried) = (nil, false, .idle, [])
    return takeOpen() + [.cancelTimer]
  }

  /// No more attempts. Those that are under way, like the present connection, are left to whoever drains and closes all of them:
  /// abandoned they would say that another address was faster.
  mutating func stopped() -> [Action] {
    phase = .stopped
    return [.cancelTimer]
  }

  private enum Phase {
    case idle
    /// There are no addresses to dial yet.
    case resolving
    /// Attempts are made, and a timer runs that leads to the next.
    case dialing
    /// The connection in use is believed to work.
    case linked
    case stopped
  }

  private struct OpenAttempt {
    let attempt: Attempt
    let began: NIODeadline
    /// It was answered in some way; until then no further attempt is made.
    var patientUntil: NIODeadline?
  }
}

extension LinkDialing {
  private mutating func beginRounds(_ moment: Moment) -> [Action] {
    began = moment.now
    roundsSinceLookUp = 0
    return beginRound(moment)
  }

  private mutating func beginRound(_ moment: Moment) -> [Action] {
    var actions: [Action] = []
    if !isResolving, addresses.isEmpty || roundsSinceLookUp % pace.roundsPerLookUp == 0 {
      isResolving = true
      actions = [.resolve]
    }
    roundsSinceLookUp += 1
    untried = addresses[...]
    phase = untried.isEmpty ? .resolving : .dialing
    return untried.isEmpty ? actions : actions + dialNext(moment)
  }

  private mutating func dialNext(_ moment: Moment) -> [Action] {
    guard let address = untried.popFirst() else { return [] }
    let attempt = Attempt(number: nextNumber)
    nextNumber += 1
    let gone = open.filter { $0.patientUntil == nil && moment.now >= $0.began + TimeAmount(pace.silentFor) }
    open.removeAll { each in gone.contains { $0.attempt == each.attempt } }
    open.append(OpenAttempt(attempt: attempt, began: moment.now))
    let actions = gone.map { Action.discard($0.attempt) } + [.dial(attempt, address)]
    let pause = pause(moment)
    return actions + [wait(untried.isEmpty ? pause : min(pause, pace.nextAddressAfter), moment)]
  }

  private mutating func takeOpen() -> [Action] {
    defer { open = [] }
    return open.map { .abandon($0.attempt) }
  }

  private mutating func wait(_ delay: Duration, _ moment: Moment) -> Action {
    nextAt = moment.now + TimeAmount(delay)
    return .wait(delay)
  }

  private func pause(_ moment: Moment) -> Duration {
    let elapsed = Duration(moment.now - began)
    var pause = elapsed >= pace.lateAfter ? pace.latePause : pace.pause
    if !hasLinked { pause = min(pause, max(elapsed, pace.firstPause)) }
    if isWanted, elapsed < pace.eagerFor { pause = pace.eagerPause }
    return max(pause, refusedPause) * (0.5 + moment.jitter)
  }

  private var refusedPause: Duration {
    refusals == 0 ? .zero : min(pace.firstRefusedPause * (1 << min(refusals - 1, 16)), pace.longestRefusedPause)
  }
}
