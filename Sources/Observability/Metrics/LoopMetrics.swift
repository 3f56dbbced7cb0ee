public import Events

/// Counts what happens on one event loop: plain numbers, no locks. Used on that loop only; a snapshot may leave it.
public final class LoopMetrics: EventSink {
  /// What the loop's socket has done; the network adds to it.
  public var datagrams = DatagramCounts()

  /// Says what the loop is doing now; called on the loop, for each snapshot.
  public var gauges: () -> LoopGauges = { LoopGauges() }

  private var counts = LoopSnapshot()
  private var services: [String: Int] = [:]
  /// For service i: the totals of its directions at 2i and 2i+1; service 0 stands for all unknown ones.
  private var requests: [RequestTotals] = []
  private var serviceNames: [String] = []

  /// - Parameter services: the services of the configuration; requests for others are counted as `-`, as log lines call them.
  public init(services: [String] = []) {
    add(service: Self.unknownService)
    admit(services: services)
  }

  /// Counts these services by name from now on, beside those already known; for a reloaded configuration.
  ///
  /// Counters never go away while the process runs, so the number of names has an end.
  public func admit(services names: [String]) {
    for name in names where services[name] == nil && serviceNames.count < Self.maximumServices { add(service: name) }
  }

  /// Keeps what a connection has sent and received when it goes, so that sums never fall.
  public func retire(_ figures: ConnectionFigures) {
    counts.retired.add(figures)
  }

  public func record(_ event: Event) {
    switch event {
    case .exchangeEnded(let summary): record(summary)
    case .datagramRefused(let refusal, _): counts.refusedDatagrams[refusal, default: 0] += 1
    case .messageRefused(let wire, let refusal, _, _):
      counts.refusedMessages[MessageRefusalKey(wire: Self.bounded(wire: wire), refusal: refusal), default: 0] += 1
    case .originFailed(let service, _, _): counts.originFailures[known(service), default: 0] += 1
    case .handshakeCompleted(_, _, let duration, let isResumed):
      counts.handshakes[isResumed ? .resumed : .full, default: 0] += 1
      counts.handshakeDuration.record(duration)
    case .handshakeFailed(_, let failure, _): counts.handshakes[.failed(failure), default: 0] += 1
    case .connectionMigrated: counts.migrations += 1
    case .addressChanged: counts.addressChanges += 1
    case .earlyData(_, let outcome): counts.earlyData[outcome, default: 0] += 1
    case .earlyRequest(let step): counts.earlyRequests[step, default: 0] += 1
    case .connectionClosed(_, let end, _): counts.closedConnections[end, default: 0] += 1
    case .offloadDisabled(let offload, _): counts.disabledOffloads.insert(offload)
    case .linkChanged(let phase, let core, _):
      counts.linkPhases[core] = phase
      counts.linkChanges[phase, default: 0] += 1
    case .reversedLinkChanged(let phase, let core, _): counts.reversedLinkPhases[core] = phase
    case .linkDialled(_, _, let isBeside):
      counts.linkDials += 1
      if isBeside { counts.linkDialsBeside += 1 }
    case .edge(let phase, _, _): count(phase)
    case .silentCoreProbed(_, let datagrams): counts.silentCoreDatagrams += datagrams
    case .requestsRepeated(let count): counts.repeatedRequests += UInt64(count)
    case .originChanged(let service, _, let state, _):
      counts.originChanges[OriginChangeKey(service: known(service), state: state), default: 0] += 1
    case .module(let event): counts.modules.record(event)
    case .reloaded: counts.reloads += 1
    case .reloadRefused: counts.refusedReloads += 1
    case .started, .certificateExpires, .drainBegan, .drainEnded, .connectionAccepted, .addressWatchUnavailable, .acceptFailed,
      .coreMetTwice, .traceStopped, .earlyDataStorage: break
    }
  }

  /// A copy of everything counted and of what the loop is doing now.
  public func snapshot() -> LoopSnapshot {
    var snapshot = counts
    for (index, name) in serviceNames.enumerated() {
      for (offset, direction) in Direction.allCases.enumerated() {
        snapshot.requests[RequestKey(service: name, direction: direction)] = requests[index * Direction.allCases.count + offset]
      }
    }
    snapshot.datagrams = datagrams
    snapshot.gauges = gauges()
    return snapshot
  }

  private func record(_ summary: ExchangeSummary) {
    let direction = summary.direction == Direction.allCases[0] ? 0 : 1
    let index = services[summary.service, default: 0] * Direction.allCases.count + direction
    requests[index].statusClasses[StatusClass(summary.status).rawValue] += 1
    requests[index].requestBytes += summary.requestBytes
    requests[index].responseBytes += summary.responseBytes
    requests[index].duration.record(summary.duration)
    counts.outcomes[summary.outcome, default: 0] += 1
    if let status = summary.grpcStatus { counts.grpcStatuses[(0...16).contains(status) ? status : 17] += 1 }
  }

  private func count(_ phase: EdgePhase) {
    switch phase {
    case .listed: return
    case .connected: counts.connectedEdges += 1
    case .left: counts.connectedEdges -= 1
    case .changed, .suspect, .doubted, .heard, .draining, .replaced: break
    }
    counts.edgeChanges[phase, default: 0] += 1
  }

  private func add(service name: String) {
    services[name] = serviceNames.count
    serviceNames.append(name)
    requests += [RequestTotals](repeating: RequestTotals(), count: Direction.allCases.count)
  }

  private func known(_ service: String) -> String { services[service] == nil ? Self.unknownService : service }

  private static func bounded(wire: String) -> String { wires.contains(wire) ? wire : "other" }

  static let unknownService = "-"
  private static let maximumServices = 1_024
  private static let wires: Set<String> = ["HTTP/1.1", "HTTP/2", "HTTP/3"]
}
