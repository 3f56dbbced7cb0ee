import Events

extension Event {
  /// What happened in one sentence, written for the operator of this end: what, where, and what to do if that is known.
  func sentence(seenFrom role: Role) -> String {
    switch self {
    case .started(let role, let listeners, let link, let identity, let instance):
      var text = "\(role.rawValue) listens on \(listeners.isEmpty ? "nothing" : listeners.joined(separator: ", "))"
      if let link { text += ", links to \(link)" }
      if let identity { text += ", identity \(identity)" }
      return text + ", instance \(instance)"
    case .reloaded(let what): return "reloaded " + (what.isEmpty ? "nothing, all is as before" : what.joined(separator: ", "))
    case .reloadRefused(let reason): return "not reloaded, everything stays as it is: \(reason)"
    case .certificateExpires(let name, let daysLeft):
      let when =
        daysLeft < 0
        ? "has expired" : daysLeft == 0 ? "expires today" : "expires in \(daysLeft) \(daysLeft == 1 ? "day" : "days")"
      return "certificate \(name) \(when); issue a new one and send SIGHUP"
    case .drainBegan(let deadline):
      return "draining: no new requests, open ones have \(deadline.components.seconds) s"
    case .drainEnded(let abandoned):
      return abandoned == 0 ? "drained" : "drain deadline reached, \(abandoned) open requests were cut"
    case .connectionAccepted(let connection): return "connection \(connection.number) begins from \(connection.peer)"
    case .handshakeCompleted(let connection, let identity, let duration, let isResumed):
      let who = identity ?? "a peer without identity"
      let how = "\(isResumed ? "resumed " : "")handshake \(duration.millisecondsText) ms (connection \(connection.number))"
      return role == .core
        ? "\(who) connected from \(connection.peer), \(how)" : "connected to \(who) at \(connection.peer), \(how)"
    case .handshakeFailed(let connection, let failure, let reason):
      let what = failure.explanation(seenFrom: role)
      let detail = reason.isEmpty ? "" : " (\(reason))"
      if failure == .abandoned {
        return "\(connection.peer) has given up a handshake; another attempt of its was faster\(detail)"
      }
      if role == .core, failure == .refusedByPeer { return "handshake from \(connection.peer) failed: \(what)\(detail)" }
      return role == .core
        ? "refused handshake from \(connection.peer): \(what)\(detail)"
        : "handshake with \(connection.peer) failed: \(what)\(detail)"
    case .earlyData(let connection, let outcome):
      return "early data on connection \(connection.number) with \(connection.peer): \(outcome.words)"
    case .earlyRequest(let step): return "a request in early data \(step.words)"
    case .earlyDataStorage(let file, let reason, let consequence): return "\(file): \(reason); \(consequence)"
    case .connectionMigrated(let connection, let from):
      return role == .core
        ? "connection \(connection.number) moved from \(from) to \(connection.peer)"
        : "connection \(connection.number) with \(connection.peer) goes on from \(from)"
    case .addressChanged(let from, let to, let peer):
      return "the way to \(peer) leaves from \(to) and no longer from \(from); connections move"
    case .addressWatchUnavailable(let reason):
      return """
        the kernel gives no news of addresses (\(reason)); changes are looked for every two seconds, allow AF_NETLINK to be faster
        """
    case .connectionClosed(let connection, let end, let reason):
      return "connection \(connection.number) with \(connection.peer) \(end.words)" + (reason.isEmpty ? "" : ": \(reason)")
    case .datagramRefused(let refusal, let from): return "dropped a datagram from \(from): \(refusal.words)"
    case .offloadDisabled(let offload, let reason):
      return "\(offload.words) is off from now on, the kernel refused it: \(reason); all works, at more CPU time"
    case .traceStopped(let file, let reason): return "the trace \(file) ends here, its connection goes on: \(reason)"
    case .linkChanged(let phase, let core, let reason):
      let words = phase == .connecting && !reason.isEmpty ? "could not be made and will be tried again" : phase.words
      return "link to \(core) \(words)" + (reason.isEmpty ? "" : ": \(reason)")
    case .reversedLinkChanged(let phase, let core, let reason):
      let words = phase == .connecting && !reason.isEmpty ? "could not be made and will be tried again" : phase.words
      return "way back from \(core) \(words)" + (reason.isEmpty ? "" : ": \(reason)")
    case .coreMetTwice(let core, let other, let instance):
      return "\(core) and \(other) lead to the same core (instance \(instance)), which sends requests over one of them only; "
        + "give each core an address of its own"
    case .linkDialled(let core, let address, let isBeside):
      return "dialling \(core) at \(address)" + (isBeside ? ", beside the connection that does not answer" : "")
    case .silentCoreProbed(let core, let datagrams):
      return "\(datagrams) datagrams were sent to \(core) while it did not answer"
    case .requestsRepeated(let count):
      return count == 1
        ? "a request whose connection does not answer was sent again on another"
        : "\(count) requests whose connections do not answer were sent again on another"
    case .edge(let phase, let facts, let reason): return facts.sentence(phase, reason: reason)
    case .acceptFailed(let listener, let reason): return "listener \(listener) could not take a connection: \(reason)"
    case .exchangeEnded(let summary):
      let what = "\(summary.method) \(summary.path) of service \(summary.service)"
      return "\(what) from \(summary.client) \(summary.outcome.words)" + (summary.reason.map { ": \($0)" } ?? "")
    case .messageRefused(let wire, let refusal, let from, let reason):
      return "refused a message from \(from) over \(wire): \(refusal.words)" + (reason.isEmpty ? "" : " (\(reason))")
    case .originChanged(let service, let origin, let state, let reason):
      switch state {
      case .up: return "service \(service): origin \(origin) is used again"
      case .down: return "service \(service): origin \(origin) is passed over from now on: \(reason)"
      }
    case .module(let event): return event.sentence
    case .originFailed(let service, let origin, let reason):
      return reason.contains(origin) ? "service \(service): \(reason)" : "service \(service): origin \(origin) failed: \(reason)"
    }
  }
}

extension HandshakeFailure {
  /// What went wrong and what to do about it, from the side of the process that says so.
  fileprivate func explanation(seenFrom role: Role) -> String {
    switch (self, role) {
    case (.noCertificate, .core): "the client sent no certificate; give it one that this core's CA issued"
    case (.noCertificate, .edge): "the core sent no certificate"
    case (.unknownAuthority, .core): "the client's certificate is signed by an unknown authority; issue it with this core's CA"
    case (.unknownAuthority, .edge):
      "the core's certificate is signed by an unknown authority; give this edge the CA that issued it"
    case (.certificateExpired, .core):
      "the client's certificate has expired or is not valid yet; issue a new one or set the clocks right"
    case (.certificateExpired, .edge):
      "the core's certificate has expired or is not valid yet; issue a new one or set the clocks right"
    case (.certificateRejected, .core): "the client's certificate is not one for the clients of a core"
    case (.certificateRejected, .edge): "the core's certificate is not one for servers"
    case (.noIdentity, .core):
      "the client's certificate does not name exactly one identity; issue it with one DNS name for client use"
    case (.noIdentity, .edge): "the core's certificate names no identity; issue it with the core's DNS names for server use"
    case (.wrongName, .core): "the client's certificate is for another name"
    case (.wrongName, .edge): "the core's certificate is for another name; correct the upstream or set the server name"
    case (.wrongApplicationProtocol, _): "no common application protocol (ALPN); the peer is not quicgw or speaks no HTTP/3"
    case (.unsupportedVersion, _): "no common QUIC version"
    case (.timedOut, .core): "the client did not finish it in time"
    case (.timedOut, .edge): "no answer; check the address, and that UDP passes"
    case (.addressChanged, _): "our address has changed; it is dialled anew"
    case (.refusedByPeer, .core): "the client refused this core"
    case (.refusedByPeer, .edge): "the core refused this edge; see its log, usually the certificate's CA, dates or name"
    case (.abandoned, _): "the client has given it up; another attempt of its was faster"
    case (.protocolViolation, _): "the peer broke the protocol"
    }
  }
}

extension EarlyDataOutcome {
  fileprivate var words: String {
    switch self {
    case .attempted: "sent"
    case .accepted: "taken"
    case .refused: "refused by the core; what was in it is sent again"
    case .ticketUnknown: "the core does not know the ticket; what was in it is sent again"
    case .replayed: "refused, it is a copy of an earlier flight; nothing of it was served"
    case .untimely: "refused, its ticket is older than the record of first flights or the edge's clock runs too fast; it is sent again"
    case .recordFull: "refused, the record of first flights is full or cannot be written"
    case .storeSlow: "held until the handshake is complete, the shared store did not answer in time"
    case .storeUnavailable: "held until the handshake is complete, the shared store is away"
    }
  }
}

extension EarlyRequestStep {
  fileprivate var words: String {
    switch self {
    case .sent: "was sent with the first flight"
    case .served: "was passed on before the handshake was complete"
    case .tooEarly: "was answered 425 and is sent again"
    }
  }
}

extension ConnectionEnd {
  fileprivate var words: String {
    switch self {
    case .closedByUs: "closed by us"
    case .closedByPeer: "closed by the peer"
    case .idle: "ended, the peer was silent for too long"
    case .statelessReset: "ended, the peer has forgotten it (stateless reset)"
    case .protocolViolation: "closed, the peer broke the protocol"
    case .internalError: "closed after a fault of our own"
    }
  }
}

extension DatagramRefusal {
  fileprivate var words: String {
    switch self {
    case .tooShort: "too short"
    case .malformed: "not QUIC"
    case .unknownConnection: "of no known connection"
    case .unsupportedVersion: "of a QUIC version that is not spoken here"
    case .badToken: "its address validation token is forged or too old"
    case .tooManyHandshakes: "too many handshakes at once"
    case .amplificationLimited: "its address is not validated and has had its share of answers"
    case .tooManyGaps: "behind a thousand gaps of its stream; it counts as lost, and the peer sends it again"
    case .thirdPath: "from a third address while a change of address is being validated"
    case .notAccepting: "of a new connection while this process is shutting down"
    }
  }
}

extension Offload {
  fileprivate var words: String {
    switch self {
    case .segmentation: "segmentation offload (GSO)"
    case .receive: "receive offload (GRO)"
    case .steering: "steering of datagrams to loops"
    case .ecn: "explicit congestion notification (ECN)"
    }
  }
}

extension LinkPhase {
  fileprivate var words: String {
    switch self {
    case .connecting: "is being made"
    case .confirmed: "is up"
    case .suspect: "is suspect, is probed and dialled anew beside; requests wait or use another core"
    case .draining: "takes no new requests"
    case .lost: "is lost and will be tried again"
    case .refused: "is refused and will be tried again"
    case .closed: "is closed"
    }
  }
}

extension ExchangeOutcome {
  fileprivate var words: String {
    switch self {
    case .complete: "is complete"
    case .cancelled: "was cancelled by its client"
    case .refused: "was refused"
    case .broken: "broke off"
    }
  }
}

extension MessageRefusal {
  fileprivate var words: String {
    switch self {
    case .malformed: "it is malformed"
    case .ambiguousLength: "its length is ambiguous"
    case .forbiddenField: "it has a field that is not allowed"
    case .fieldsTooLarge: "its fields are too large"
    case .unsupported: "it asks for what is not supported"
    case .timedOut: "it did not come in time"
    case .excessive: "its sender asks for too much"
    }
  }
}
