import Events
import NIOCore

/// What two occurrences must have in common for the second to be held back; nil for events that outside input cannot cause
/// in numbers.
struct LogCause: Hashable {
  /// Time between two lines.
  let window: TimeAmount
  private let event: String
  private let cause: String

  /// Attempts to make a link to this core that failed. An edge tries every few seconds for as long as its core is away.
  static func failedLinks(to core: String) -> [LogCause] {
    [.connecting, .refused].compactMap { LogCause(.linkChanged($0, core: core, reason: "failed")) }
  }

  init?(_ recorded: Event) {
    event = recorded.name
    switch recorded {
    case .linkChanged, .reversedLinkChanged: window = .seconds(10)
    default: window = .seconds(1)
    }
    switch recorded {
    case .datagramRefused(let refusal, _): cause = refusal.rawValue
    case .handshakeFailed(_, let failure, _): cause = failure.rawValue
    case .messageRefused(let wire, let refusal, _, _): cause = wire + " " + refusal.rawValue
    case .originFailed(let service, let origin, _): cause = service + " " + origin
    case .edge(.listed, _, _): return nil
    case .edge(let phase, let facts, _): cause = phase.rawValue + " " + facts.identity
    case .acceptFailed(let listener, _): cause = listener
    case .originChanged(let service, let origin, let state, _): cause = service + " " + origin + " " + state.rawValue
    case .module: cause = ""
    case .exchangeEnded(let summary): cause = summary.outcome.rawValue
    case .connectionAccepted: cause = ""
    case .connectionClosed(_, let end, _): cause = end.rawValue
    case .connectionMigrated: cause = ""
    case .addressChanged(_, _, let peer): cause = peer
    case .earlyData(_, let outcome): cause = outcome.rawValue
    case .earlyRequest(let step): cause = step.rawValue
    case .earlyDataStorage(let file, _, _): cause = file
    case .traceStopped: cause = ""
    case .linkDialled(let core, _, _), .silentCoreProbed(let core, _): cause = core
    case .requestsRepeated: cause = ""
    case .coreMetTwice(let core, let other, _): cause = core + " " + other
    case .linkChanged(let phase, let core, let reason) where phase == .refused || phase == .connecting && !reason.isEmpty,
      .reversedLinkChanged(let phase, let core, let reason) where phase == .refused || phase == .connecting && !reason.isEmpty:
      cause = phase.rawValue + " " + core
    case .started, .reloaded, .reloadRefused, .certificateExpires, .drainBegan, .drainEnded, .offloadDisabled,
      .addressWatchUnavailable, .linkChanged, .reversedLinkChanged, .handshakeCompleted:
      return nil
    }
  }
}
