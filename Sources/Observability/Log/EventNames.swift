import Events
import Logging

extension Event {
  /// The event's stable name in JSON lines.
  var name: String {
    switch self {
    case .started: "started"
    case .reloaded: "reloaded"
    case .reloadRefused: "reload_refused"
    case .certificateExpires: "certificate_expires"
    case .drainBegan: "drain_began"
    case .drainEnded: "drain_ended"
    case .connectionAccepted: "connection_accepted"
    case .handshakeCompleted: "handshake_completed"
    case .handshakeFailed: "handshake_failed"
    case .connectionMigrated: "connection_migrated"
    case .addressChanged: "address_changed"
    case .addressWatchUnavailable: "address_watch_unavailable"
    case .earlyData: "early_data"
    case .earlyRequest: "early_request"
    case .earlyDataStorage: "early_data_storage"
    case .connectionClosed: "connection_closed"
    case .datagramRefused: "datagram_refused"
    case .offloadDisabled: "offload_disabled"
    case .traceStopped: "trace_stopped"
    case .linkChanged: "link_changed"
    case .linkDialled: "link_dialled"
    case .silentCoreProbed: "silent_core_probed"
    case .reversedLinkChanged: "reversed_link_changed"
    case .coreMetTwice: "core_met_twice"
    case .requestsRepeated: "requests_repeated"
    case .edge(let phase, _, _): "edge_\(phase.rawValue)"
    case .acceptFailed: "accept_failed"
    case .exchangeEnded: "exchange_ended"
    case .messageRefused: "message_refused"
    case .originFailed: "origin_failed"
    case .originChanged: "origin_changed"
    case .module(let event): event.name
    }
  }

  /// How much the event matters: what needs a person is a warning or an error, what outside input can cause at will is not.
  var logLevel: LogLevel {
    switch self {
    case .connectionAccepted, .linkDialled, .silentCoreProbed, .earlyRequest: .debug
    case .earlyData(_, let outcome):
      switch outcome {
      case .attempted, .accepted, .refused, .ticketUnknown, .untimely: .debug
      case .replayed, .recordFull, .storeSlow, .storeUnavailable: .warning
      }
    case .earlyDataStorage: .warning
    case .handshakeCompleted, .connectionMigrated: .info
    case .started, .reloaded, .drainBegan, .drainEnded, .requestsRepeated, .addressChanged, .addressWatchUnavailable,
      .offloadDisabled, .datagramRefused, .messageRefused:
      .notice
    case .handshakeFailed(_, .abandoned, _): .info
    case .handshakeFailed, .originFailed, .acceptFailed, .certificateExpires, .traceStopped: .warning
    case .reloadRefused: .error
    case .originChanged(_, _, let state, _): state == .up ? .notice : .warning
    case .module(let event): event.logLevel
    case .connectionClosed(_, let end, _):
      switch end {
      case .closedByUs, .closedByPeer, .idle, .statelessReset: .info
      case .protocolViolation: .warning
      case .internalError: .error
      }
    case .coreMetTwice: .warning
    case .linkChanged(let phase, _, let reason), .reversedLinkChanged(let phase, _, let reason):
      switch phase {
      case .draining, .closed: .info
      case .confirmed: .notice
      // With a reason it is an attempt that failed.
      case .connecting: reason.isEmpty ? .info : .warning
      case .suspect, .lost: .warning
      case .refused: .error
      }
    case .edge(let phase, _, _): phase.logLevel
    case .exchangeEnded(let summary): summary.outcome.logLevel
    }
  }

  /// The event's parts under stable keys.
  var logFields: Logger.Metadata {
    switch self {
    case .started(let role, let listeners, let link, let identity, let instance):
      var fields: Logger.Metadata = ["role": .string(role.rawValue), "instance": .string(instance)]
      fields["listeners"] = .array(listeners.map { .string($0) })
      fields["link"] = link.map { .string($0) }
      fields["identity"] = identity.map { .string($0) }
      return fields
    case .reloaded(let what): return ["what": .array(what.map { .string($0) })]
    case .reloadRefused(let reason): return ["reason": .string(reason)]
    case .certificateExpires(let name, let daysLeft):
      return ["certificate": .string(name), "days_left": .stringConvertible(daysLeft)]
    case .drainBegan(let deadline): return ["deadline_ms": .stringConvertible(deadline)]
    case .drainEnded(let abandoned): return ["abandoned_exchanges": .stringConvertible(abandoned)]
    case .connectionAccepted(let connection): return connection.logFields
    case .handshakeCompleted(let connection, let identity, let duration, let isResumed):
      var fields = connection.logFields
      fields["identity"] = identity.map { .string($0) }
      fields["duration_ms"] = .stringConvertible(duration)
      fields["resumed"] = .stringConvertible(isResumed)
      return fields
    case .handshakeFailed(let connection, let failure, let reason):
      return connection.logFields(cause: failure.rawValue, reason: reason)
    case .earlyData(let connection, let outcome):
      return connection.logFields.merging(["outcome": .string(outcome.rawValue)]) { $1 }
    case .earlyRequest(let step): return ["step": .string(step.rawValue)]
    case .earlyDataStorage(let file, let reason, let consequence):
      return ["file": .string(file), "reason": .string(reason), "consequence": .string(consequence)]
    case .connectionMigrated(let connection, let from): return connection.logFields.merging(["from": .string(from)]) { $1 }
    case .addressChanged(let from, let to, let peer): return ["from": .string(from), "to": .string(to), "peer": .string(peer)]
    case .addressWatchUnavailable(let reason): return ["reason": .string(reason)]
    case .connectionClosed(let connection, let end, let reason): return connection.logFields(cause: end.rawValue, reason: reason)
    case .datagramRefused(let refusal, let from): return ["cause": .string(refusal.rawValue), "peer": .string(from)]
    case .offloadDisabled(let offload, let reason): return ["offload": .string(offload.rawValue), "reason": .string(reason)]
    case .traceStopped(let file, let reason): return ["file": .string(file), "reason": .string(reason)]
    case .coreMetTwice(let core, let other, let instance):
      return ["core": .string(core), "other": .string(other), "instance": .string(instance)]
    case .linkChanged(let phase, let core, let reason), .reversedLinkChanged(let phase, let core, let reason):
      return ["phase": .string(phase.rawValue), "core": .string(core), "reason": .string(reason)]
    case .linkDialled(let core, let address, let isBeside):
      return ["core": .string(core), "address": .string(address), "beside": .stringConvertible(isBeside)]
    case .silentCoreProbed(let core, let datagrams): return ["core": .string(core), "datagrams": .stringConvertible(datagrams)]
    case .requestsRepeated(let count): return ["count": .stringConvertible(count)]
    case .edge(_, let facts, let reason): return facts.logFields(reason: reason)
    case .acceptFailed(let listener, let reason): return ["listener": .string(listener), "reason": .string(reason)]
    case .exchangeEnded(let summary):
      return [
        "method": .string(summary.method), "path": .string(summary.path), "service": .string(summary.service),
        "outcome": .string(summary.outcome.rawValue), "reason": .string(summary.reason ?? ""),
      ]
    case .messageRefused(let wire, let refusal, let from, let reason):
      return ["wire": .string(wire), "cause": .string(refusal.rawValue), "peer": .string(from), "reason": .string(reason)]
    case .originChanged(let service, let origin, let state, let reason):
      return [
        "service": .string(service), "origin": .string(origin), "state": .string(state.rawValue), "reason": .string(reason),
      ]
    case .module(let event): return event.logFields
    case .originFailed(let service, let origin, let reason):
      return ["service": .string(service), "origin": .string(origin), "reason": .string(reason)]
    }
  }
}

extension ExchangeOutcome {
  /// An access-log line's level.
  var logLevel: LogLevel {
    switch self {
    case .complete, .cancelled: .info
    case .refused, .broken: .warning
    }
  }
}

extension ConnectionName {
  fileprivate var logFields: Logger.Metadata { ["connection": .stringConvertible(number), "peer": .string(peer)] }

  fileprivate func logFields(cause: String, reason: String) -> Logger.Metadata {
    logFields.merging(["cause": .string(cause), "reason": .string(reason)]) { $1 }
  }
}
