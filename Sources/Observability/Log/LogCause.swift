import Events

/// What two occurrences must have in common for the second to be held back; nil for events that outside input cannot cause
/// in numbers.
struct LogCause: Hashable {
  private let event: String
  private let cause: String

  init?(_ recorded: Event) {
    event = recorded.name
    switch recorded {
    case .datagramRefused(let refusal, _): cause = refusal.rawValue
    case .handshakeFailed(_, let failure, _): cause = failure.rawValue
    case .messageRefused(let wire, let refusal, _, _): cause = wire + " " + refusal.rawValue
    case .originFailed(let service, let origin, _): cause = service + " " + origin
    case .exchangeEnded(let summary): cause = summary.outcome.rawValue
    case .connectionAccepted: cause = ""
    case .connectionClosed(_, let end, _): cause = end.rawValue
    case .connectionMigrated: cause = ""
    case .started, .reloaded, .reloadRefused, .certificateExpires, .drainBegan, .drainEnded, .offloadDisabled, .linkChanged,
      .handshakeCompleted:
      return nil
    }
  }
}
