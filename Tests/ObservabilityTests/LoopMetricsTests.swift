import Events
import NIOCore
import NIOPosix
import Testing

@testable import Observability

@Suite struct LoopMetricsTests {
  private let metrics = LoopMetrics(services: ["modules", "grpc"])

  @Test func `requests are counted by service, direction and class of the status`() {
    for status in [200, 204, 304, 404, 503, nil] { end(status: status) }
    end(service: "grpc", direction: .coreToEdge, status: 200)
    #expect(
      samples("quicgw_requests_total") == [
        #"{service="grpc",direction="core_to_edge",status_class="2xx"} 1"#,
        #"{service="modules",direction="edge_to_core",status_class="none"} 1"#,
        #"{service="modules",direction="edge_to_core",status_class="2xx"} 2"#,
        #"{service="modules",direction="edge_to_core",status_class="3xx"} 1"#,
        #"{service="modules",direction="edge_to_core",status_class="4xx"} 1"#,
        #"{service="modules",direction="edge_to_core",status_class="5xx"} 1"#,
      ])
    #expect(
      samples("quicgw_response_bytes_total") == [
        #"{service="grpc",direction="core_to_edge"} 1234"#, #"{service="modules",direction="edge_to_core"} 7404"#,
      ])
  }

  @Test(
    arguments: [
      (nil, "none"), (99, "other"), (100, "1xx"), (299, "2xx"), (599, "5xx"), (600, "other"), (9_999, "other"), (-1, "other"),
      (0, "other"),
    ] as [(Int?, String)])
  func `every status has a class`(status: Int?, label: String) {
    #expect(StatusClass(status).label == label)
  }

  @Test func `names that nobody configured share one label, however many there are`() {
    for number in 0..<10_000 {
      end(service: "evil-\(number)")
      metrics.record(.originFailed(service: "evil-\(number)", origin: "x", reason: ""))
      metrics.record(.messageRefused(wire: "evil-\(number)", .malformed, from: "x", reason: ""))
    }
    #expect(samples("quicgw_requests_total") == [#"{service="-",direction="edge_to_core",status_class="2xx"} 10000"#])
    #expect(samples("quicgw_origin_failures_total") == [#"{service="-"} 10000"#])
    #expect(samples("quicgw_refused_messages_total") == [#"{wire="other",cause="malformed"} 10000"#])
    #expect(page(of: [metrics.snapshot()]).utf8.count < 32_768)
  }

  @Test func `services of a new configuration are counted by name, and old counters stay`() {
    end(service: "later")
    end(service: "modules")
    metrics.admit(services: ["later", "modules"])
    end(service: "later")
    #expect(
      samples("quicgw_request_bytes_total") == [
        #"{service="-",direction="edge_to_core"} 0"#, #"{service="later",direction="edge_to_core"} 0"#,
        #"{service="modules",direction="edge_to_core"} 0"#,
      ])
  }

  @Test func `reloading new names again and again does not grow without end`() {
    for number in 0..<5_000 { metrics.admit(services: ["service-\(number)"]) }
    for number in 0..<5_000 { end(service: "service-\(number)") }
    let snapshot = metrics.snapshot()
    let counted = snapshot.requests.mapValues { $0.duration.counts.reduce(0, +) }
    #expect(snapshot.requests.count == 1_024 * 2)
    #expect(counted[RequestKey(service: "-", direction: .edgeToCore)] == 5_000 - 1_024 + 3)
    #expect(counted.values.reduce(0, +) == 5_000)
  }

  @Test func `durations fall into the bucket whose bound they do not exceed`() {
    for duration in [
      Duration.zero, .microseconds(500), .microseconds(501), .milliseconds(1), .seconds(60), .seconds(61), .seconds(100_000),
    ] {
      metrics.record(.exchangeEnded(sampleSummary(duration: duration)))
    }
    let buckets = samples("quicgw_request_duration_seconds_bucket")
    #expect(buckets.count == 17)
    #expect(buckets[0] == #"{service="modules",direction="edge_to_core",le="0.0005"} 2"#)
    #expect(buckets[1] == #"{service="modules",direction="edge_to_core",le="0.001"} 4"#)
    #expect(buckets[14] == #"{service="modules",direction="edge_to_core",le="30"} 4"#)
    #expect(buckets[15] == #"{service="modules",direction="edge_to_core",le="60"} 5"#)
    #expect(buckets[16] == #"{service="modules",direction="edge_to_core",le="+Inf"} 7"#)
    #expect(samples("quicgw_request_duration_seconds_sum") == [#"{service="modules",direction="edge_to_core"} 100121.002001"#])
    #expect(samples("quicgw_request_duration_seconds_count") == [#"{service="modules",direction="edge_to_core"} 7"#])
  }

  @Test func `handshakes are counted by result and cause`() {
    metrics.record(.handshakeCompleted(sampleConnection, identity: "e", duration: .milliseconds(3), isResumed: false))
    metrics.record(.handshakeCompleted(sampleConnection, identity: "e", duration: .milliseconds(1), isResumed: true))
    metrics.record(.handshakeFailed(sampleConnection, .noCertificate, reason: ""))
    let handshakes = samples("quicgw_handshakes_total")
    #expect(handshakes.count == 2 + HandshakeFailure.allCases.count)
    #expect(
      handshakes.filter { !$0.hasSuffix(" 0") } == [
        #"{result="full",cause="none"} 1"#, #"{result="resumed",cause="none"} 1"#, #"{result="failed",cause="no_certificate"} 1"#,
      ])
    #expect(samples("quicgw_handshake_duration_seconds_sum") == [" 0.004"])
  }

  @Test func `the rest is counted by cause`() {
    metrics.record(.datagramRefused(.badToken, from: "x"))
    metrics.record(.connectionClosed(sampleConnection, .idle, reason: ""))
    metrics.record(.connectionMigrated(sampleConnection, from: "x"))
    metrics.record(.addressChanged(from: "x", to: "y", peer: "c"))
    metrics.record(.offloadDisabled(.segmentation, reason: "EIO"))
    metrics.record(.linkChanged(.connecting, core: "c", reason: ""))
    metrics.record(.linkChanged(.confirmed, core: "c", reason: ""))
    for isBeside in [true, false, true] { metrics.record(.linkDialled(core: "c", address: "x", isBeside: isBeside)) }
    metrics.record(.silentCoreProbed(core: "c", datagrams: 17))
    metrics.record(.requestsRepeated(count: 4))
    metrics.record(.exchangeEnded(sampleSummary(grpcStatus: 14, outcome: .refused)))
    metrics.record(.exchangeEnded(sampleSummary(grpcStatus: 99)))
    metrics.record(.reloadRefused(reason: ""))
    let page = page(of: [metrics.snapshot()], role: .edge)
    for sample in [
      #"quicgw_refused_datagrams_total{cause="bad_token"} 1"#, #"quicgw_closed_connections_total{cause="idle_timeout"} 1"#,
      "quicgw_migrations_total 1", "quicgw_address_changes_total 1", #"quicgw_disabled_offloads{offload="gso"} 1"#, #"quicgw_disabled_offloads{offload="gro"} 0"#,
      #"quicgw_link_state{core="c",state="confirmed"} 1"#, #"quicgw_link_state{core="c",state="connecting"} 0"#,
      #"quicgw_link_changes_total{state="connecting"} 1"#, #"quicgw_link_dials_total{beside="false"} 1"#,
      #"quicgw_link_dials_total{beside="true"} 2"#, "quicgw_silent_core_datagrams_total 17",
      "quicgw_repeated_requests_total 4", #"quicgw_grpc_responses_total{grpc_status="14"} 1"#,
      #"quicgw_grpc_responses_total{grpc_status="other"} 1"#, #"quicgw_request_outcomes_total{outcome="refused"} 1"#,
      #"quicgw_reloads_total{result="refused"} 1"#,
    ] {
      #expect(page.contains(sample + "\n"), "\(sample)")
    }
  }

  @Test func `sums over connections do not fall when a connection goes`() {
    metrics.gauges = {
      LoopGauges(connections: [ObservedConnection(figures: sampleFigures()), ObservedConnection(figures: sampleFigures())])
    }
    #expect(samples("quicgw_packets_lost_total") == [" 6"])
    #expect(samples("quicgw_copies_sent_total") == [" 8"])
    metrics.retire(sampleFigures())
    metrics.gauges = { LoopGauges(connections: [ObservedConnection(figures: sampleFigures())]) }
    #expect(samples("quicgw_packets_lost_total") == [" 6"])
    #expect(samples("quicgw_copies_sent_total") == [" 8"])
    #expect(samples("quicgw_copy_bytes_sent_total") == [" 1000"])
    #expect(samples("quicgw_connection_bytes_total") == [#"{direction="received"} 4000"#, #"{direction="sent"} 2000"#])
    #expect(samples("quicgw_congestion_window_bytes") == [" 14720"])
  }

  @Test func `snapshots of all loops are collected on the loop that asks`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
    let loops = Array(group.makeIterator())
    var bound: [NIOLoopBound<LoopMetrics>] = []
    for (index, loop) in loops.enumerated() {
      bound.append(
        try await loop.submit {
          let metrics = LoopMetrics(services: ["s"])
          metrics.datagrams.sent = UInt64(index + 1)
          metrics.gauges = { LoopGauges(openExchanges: 10) }
          metrics.record(.exchangeEnded(sampleSummary(service: "s")))
          return NIOLoopBound(metrics, eventLoop: loop)
        }.get())
    }
    let text = try await loops[0].flatSubmit { [bound] in
      let promise = loops[0].makePromise(of: String.self)
      SnapshotCollector(eventLoop: loops[0], loops: bound).collect { snapshots in
        loops[0].preconditionInEventLoop()
        promise.succeed(page(of: snapshots))
      }
      return promise.futureResult
    }.get()
    #expect(text.contains("quicgw_event_loops 3\n"))
    #expect(text.contains(#"quicgw_datagrams_total{direction="sent"} 6"# + "\n"))
    #expect(text.contains(#"quicgw_requests_total{service="s",direction="edge_to_core",status_class="2xx"} 3"# + "\n"))
    #expect(text.contains("quicgw_open_exchanges 30\n"))
    try await group.shutdownGracefully()
  }

  private func end(service: String = "modules", direction: Direction = .edgeToCore, status: Int? = 200) {
    metrics.record(.exchangeEnded(sampleSummary(service: service, direction: direction, status: status)))
  }

  /// What follows a sample's name, line by line.
  private func samples(_ name: String) -> [String] {
    page(of: [metrics.snapshot()]).split(separator: "\n")
      .filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
      .map { String($0.dropFirst(name.count)) }
  }
}
