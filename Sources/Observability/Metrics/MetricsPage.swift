import Events
public import NIOCore

/// The page that Prometheus reads: snapshots of all loops, added up, and the process's own facts. A pure function of both.
public struct MetricsPage {
  private let process: ProcessFacts
  private let now: WallTime
  private let resources: ProcessResources?
  private let loopCount: Int
  private let total: LoopSnapshot

  /// - Parameters:
  ///   - process: what does not change with requests.
  ///   - loops: one snapshot of each loop.
  ///   - resources: what the kernel says of the process; nil leaves those metrics out.
  ///   - now: the time of the page, for certificates.
  public init(process: ProcessFacts, loops: [LoopSnapshot], resources: ProcessResources?, now: WallTime) {
    self.process = process
    self.resources = resources
    self.now = now
    loopCount = loops.count
    total = loops.reduce(into: LoopSnapshot()) { $0.add($1) }
  }

  /// The page in text format 0.0.4.
  public func text() -> ByteBuffer {
    var text = PrometheusText()
    for metric in Metric.allCases {
      guard metric.isReported(with: resources, role: process.role) else { continue }
      text.declare(metric)
      write(metric, to: &text)
    }
    return text.bytes
  }

  private func write(_ metric: Metric, to text: inout PrometheusText) {
    switch metric {
    case .requests, .requestBytes, .responseBytes, .requestDuration: writeRequests(metric, to: &text)
    case .requestOutcomes: writeAll(metric, "outcome", total.outcomes, to: &text)
    case .grpcResponses:
      for (status, count) in total.grpcStatuses.enumerated() where count > 0 {
        text.sample(metric, [("grpc_status", status < 17 ? String(status) : "other")], count)
      }
    case .openExchanges: text.sample(metric, total.gauges.openExchanges)
    case .originFailures:
      for (service, count) in total.originFailures.sorted(by: { $0.key < $1.key }) {
        text.sample(metric, [("service", service)], count)
      }
    case .originChanges:
      for (key, count) in total.originChanges.sorted(by: {
        ($0.key.service, $0.key.state.rawValue) < ($1.key.service, $1.key.state.rawValue)
      }) {
        text.sample(metric, [("service", key.service), ("state", key.state.rawValue)], count)
      }
    case .refusedMessages:
      for (key, count) in total.refusedMessages.sorted(by: {
        ($0.key.wire, $0.key.refusal.rawValue) < ($1.key.wire, $1.key.refusal.rawValue)
      }) {
        text.sample(metric, [("wire", key.wire), ("cause", key.refusal.rawValue)], count)
      }
    case .handshakes: writeHandshakes(metric, to: &text)
    case .handshakeDuration: text.histogram(metric, [], total.handshakeDuration)
    case .closedConnections: writeAll(metric, "cause", total.closedConnections, to: &text)
    case .earlyData: writeAll(metric, "outcome", total.earlyData, to: &text)
    case .earlyRequests: writeAll(metric, "step", total.earlyRequests, to: &text)
    case .migrations: text.sample(metric, total.migrations)
    case .addressChanges: text.sample(metric, total.addressChanges)
    case .connections, .openStreams, .roundTrip, .congestionWindow, .bytesInFlight, .packetsSent, .packetsReceived, .packetsLost,
      .copiesSent, .copyBytes, .connectionBytes, .linkRoundTrip, .linkMinimumRoundTrip, .linkCongestionWindow:
      ConnectionFamilies(connections: total.gauges.connections, retired: total.retired).write(metric, to: &text)
    case .linkState: writePhases(metric, total.linkPhases, to: &text)
    case .reversedLinkState: writePhases(metric, total.reversedLinkPhases, to: &text)
    case .linkDials:
      text.sample(metric, [("beside", "false")], total.linkDials - total.linkDialsBeside)
      text.sample(metric, [("beside", "true")], total.linkDialsBeside)
    case .silentCoreDatagrams: text.sample(metric, total.silentCoreDatagrams)
    case .repeatedRequests: text.sample(metric, total.repeatedRequests)
    case .connectedEdges: text.sample(metric, total.connectedEdges)
    case .edgeChanges: writeAll(metric, "change", total.edgeChanges, to: &text)
    case .linkChanges: writeAll(metric, "state", total.linkChanges, to: &text)
    case .datagrams:
      writeDirections(metric, received: total.datagrams.received, sent: total.datagrams.sent, to: &text)
    case .datagramBytes:
      writeDirections(metric, received: total.datagrams.receivedBytes, sent: total.datagrams.sentBytes, to: &text)
    case .segmentedBatches: text.sample(metric, total.datagrams.segmentedBatches)
    case .coalescedReads: text.sample(metric, total.datagrams.coalescedReads)
    case .refusedDatagrams: writeAll(metric, "cause", total.refusedDatagrams, to: &text)
    case .disabledOffloads:
      for offload in Offload.allCases {
        text.sample(metric, [("offload", offload.rawValue)], total.disabledOffloads.contains(offload) ? 1 : 0)
      }
    case .moduleAnswers: writeAll(metric, "answer", total.modules.answers, to: &text)
    case .moduleRefusals: writeAll(metric, "cause", total.modules.refusals, to: &text)
    case .moduleSavedBytes: text.sample(metric, total.modules.savedBytes)
    case .moduleResumes: text.sample(metric, total.modules.resumes)
    case .moduleFailures: text.sample(metric, total.modules.failures)
    case .moduleEvictions: text.sample(metric, total.modules.evictions)
    case .moduleEvictedBytes: text.sample(metric, total.modules.evictedBytes)
    case .moduleDamages: text.sample(metric, total.modules.damages)
    case .moduleStorageFailures: text.sample(metric, total.modules.storageFailures)
    case .moduleSharedLookups: writeAll(metric, "outcome", total.modules.sharedLookups, to: &text)
    case .moduleUsage: text.sample(metric, total.modules.usedBytes)
    case .buildInfo, .reloads, .certificateExpiry, .eventLoops, .processCPU, .processResident, .processOpenFiles,
      .processMaximumFiles, .processStart:
      writeProcess(metric, to: &text)
    }
  }

  private func writeRequests(_ metric: Metric, to text: inout PrometheusText) {
    let rows = total.requests.sorted { ($0.key.service, $0.key.direction.rawValue) < ($1.key.service, $1.key.direction.rawValue) }
    for (key, totals) in rows where totals.duration.counts.contains(where: { $0 > 0 }) {
      let labels: [PrometheusText.Label] = [("service", key.service), ("direction", key.direction.rawValue)]
      switch metric {
      case .requestBytes: text.sample(metric, labels, totals.requestBytes)
      case .responseBytes: text.sample(metric, labels, totals.responseBytes)
      case .requestDuration: text.histogram(metric, labels, totals.duration)
      default:
        for status in StatusClass.allCases where totals.statusClasses[status.rawValue] > 0 {
          text.sample(metric, labels + [("status_class", status.label)], totals.statusClasses[status.rawValue])
        }
      }
    }
  }

  private func writeHandshakes(_ metric: Metric, to text: inout PrometheusText) {
    text.sample(metric, [("result", "full"), ("cause", "none")], total.handshakes[.full, default: 0])
    text.sample(metric, [("result", "resumed"), ("cause", "none")], total.handshakes[.resumed, default: 0])
    for failure in HandshakeFailure.allCases {
      text.sample(metric, [("result", "failed"), ("cause", failure.rawValue)], total.handshakes[.failed(failure), default: 0])
    }
  }

  private func writeProcess(_ metric: Metric, to text: inout PrometheusText) {
    switch metric {
    case .buildInfo:
      text.sample(metric, [("version", process.version), ("role", process.role.rawValue), ("instance_id", process.instance)], 1)
    case .reloads:
      text.sample(metric, [("result", "done")], total.reloads)
      text.sample(metric, [("result", "refused")], total.refusedReloads)
    case .certificateExpiry:
      for certificate in process.certificates {
        text.sample(metric, [("certificate", certificate.name)], certificate.expiry.seconds - now.seconds)
      }
    case .eventLoops: text.sample(metric, loopCount)
    case .processStart: text.sample(metric, process.startTime.seconds)
    default: break
    }
    guard let resources else { return }
    switch metric {
    case .processCPU: text.sample(metric, [], resources.cpuTime)
    case .processResident: text.sample(metric, resources.residentBytes)
    case .processOpenFiles: text.sample(metric, resources.openFiles)
    case .processMaximumFiles: text.sample(metric, resources.maximumFiles)
    default: break
    }
  }

  private func writePhases(_ metric: Metric, _ phases: [String: LinkPhase], to text: inout PrometheusText) {
    for (core, current) in phases.sorted(by: { $0.key < $1.key }) {
      for phase in LinkPhase.allCases {
        text.sample(metric, [("core", core), ("state", phase.rawValue)], phase == current ? 1 : 0)
      }
    }
  }

  /// A sample for every case of an enumeration, zeros too: a rate over a counter needs its first value.
  private func writeAll<Cause: CaseIterable & RawRepresentable<String>>(
    _ metric: Metric, _ label: String, _ counts: [Cause: UInt64], to text: inout PrometheusText
  ) {
    for cause in Cause.allCases { text.sample(metric, [(label, cause.rawValue)], counts[cause, default: 0]) }
  }

  private func writeDirections(_ metric: Metric, received: UInt64, sent: UInt64, to text: inout PrometheusText) {
    text.sample(metric, [("direction", "received")], received)
    text.sample(metric, [("direction", "sent")], sent)
  }
}

extension Metric {
  /// Whether the page has it: an edge's link is not shown by a core, and the kernel's figures only where they could be read.
  fileprivate func isReported(with resources: ProcessResources?, role: Role) -> Bool {
    switch self {
    case .linkRoundTrip, .linkMinimumRoundTrip, .linkCongestionWindow, .linkState, .reversedLinkState, .linkChanges, .linkDials,
      .silentCoreDatagrams:
      role == .edge
    case .connectedEdges, .edgeChanges: role == .core
    case .processCPU, .processResident, .processOpenFiles, .processMaximumFiles: resources != nil
    default: true
    }
  }
}
