import Events
import NIOCore
import Testing

@testable import Observability

@Suite struct MetricsPageTests {
  @Test func `each metric is declared with HELP and TYPE before its samples, once`() {
    var declared: [String] = []
    for line in page(of: [busyLoop()], role: .edge, resources: resources).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if words[0] == "#", words[1] == "HELP" {
        #expect(!declared.contains(words[2]))
        declared.append(words[2])
        #expect(words.count == 4)
      } else if words[0] == "#" {
        #expect(words[1] == "TYPE" && words[2] == declared.last)
        #expect(["counter", "gauge", "histogram"].contains(words[3]))
      } else {
        let name = String(line.prefix { $0 != "{" && $0 != " " })
        let last = declared.last ?? ""
        #expect(name == last || ["_bucket", "_sum", "_count"].contains { name == last + $0 }, "\(line)")
        #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
      }
    }
    // What only a core has.
    let ofEdges: [Metric] = [.connectedEdges, .edgeChanges]
    #expect(declared == Metric.allCases.filter { !ofEdges.contains($0) }.map(\.rawValue))
  }

  @Test func `edges that can be called are counted`() {
    let loop = LoopMetrics()
    for phase in [EdgePhase.connected, .suspect, .heard, .listed, .connected, .left] {
      loop.record(.edge(phase, sampleEdge, reason: ""))
    }
    let page = page(of: [loop.snapshot()])
    #expect(page.contains("\nquicgw_connected_edges 1\n"))
    #expect(page.contains("\nquicgw_edge_changes_total{change=\"connected\"} 2\n"))
    #expect(page.contains("\nquicgw_edge_changes_total{change=\"listed\"} 0\n"))
  }

  @Test func `names say what Prometheus' conventions ask for`() {
    for metric in Metric.allCases {
      let name = metric.rawValue
      #expect(name.hasSuffix("_total") == (metric.kind == .counter), "\(name)")
      #expect(metric.kind != .histogram || name.hasSuffix("_seconds"), "\(name)")
      #expect(name.hasPrefix("quicgw_") || name.hasPrefix("process_"), "\(name)")
      #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(name)")
      #expect(metric.help.hasSuffix("."), "\(name)")
    }
    #expect(Set(Metric.allCases.map(\.help)).count == Metric.allCases.count)
  }

  @Test func `the start of an idle core's page`() {
    #expect(
      page(of: [LoopMetrics().snapshot()]).hasPrefix(
        """
        # HELP quicgw_requests_total Requests that are over, by service, direction and class of the final status (none: no answer).
        # TYPE quicgw_requests_total counter
        # HELP quicgw_request_bytes_total Bytes of content that clients sent.
        # TYPE quicgw_request_bytes_total counter
        # HELP quicgw_response_bytes_total Bytes of content that clients were sent.
        # TYPE quicgw_response_bytes_total counter
        # HELP quicgw_request_duration_seconds Time from a request's head to the end of its exchange, in seconds.
        # TYPE quicgw_request_duration_seconds histogram
        # HELP quicgw_request_outcomes_total Requests that are over, by how they ended.
        # TYPE quicgw_request_outcomes_total counter
        quicgw_request_outcomes_total{outcome="complete"} 0
        quicgw_request_outcomes_total{outcome="cancelled"} 0
        quicgw_request_outcomes_total{outcome="refused"} 0
        quicgw_request_outcomes_total{outcome="broken"} 0

        """))
  }

  @Test func `the end of a page: the process`() {
    #expect(
      page(of: [busyLoop()], resources: resources).hasSuffix(
        #"""
        # HELP quicgw_build_info Always 1; version, role and instance of the process are in the labels.
        # TYPE quicgw_build_info gauge
        quicgw_build_info{version="1.2.3",role="core",instance_id="a1b2"} 1
        # HELP quicgw_reloads_total Reloads of the configuration, by result.
        # TYPE quicgw_reloads_total counter
        quicgw_reloads_total{result="done"} 0
        quicgw_reloads_total{result="refused"} 0
        # HELP quicgw_certificate_expiry_seconds Seconds until a certificate expires; negative afterwards.
        # TYPE quicgw_certificate_expiry_seconds gauge
        quicgw_certificate_expiry_seconds{certificate="certs\\core\".pem"} 86400
        # HELP quicgw_event_loops Event loops that these figures are from.
        # TYPE quicgw_event_loops gauge
        quicgw_event_loops 1
        # HELP process_cpu_seconds_total User and system CPU time of the process, in seconds.
        # TYPE process_cpu_seconds_total counter
        process_cpu_seconds_total 12.34
        # HELP process_resident_memory_bytes Resident memory of the process, in bytes.
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 20971520
        # HELP process_open_fds Open file descriptors of the process.
        # TYPE process_open_fds gauge
        process_open_fds 12
        # HELP process_max_fds File descriptors that the process may open.
        # TYPE process_max_fds gauge
        process_max_fds 1024
        # HELP process_start_time_seconds When the process started, in seconds since 1970.
        # TYPE process_start_time_seconds gauge
        process_start_time_seconds 1709208000

        """#))
  }

  @Test func `label values are escaped as the format wants`() {
    let metrics = LoopMetrics(services: ["a\"b\\c\nd"])
    metrics.record(.exchangeEnded(sampleSummary(service: "a\"b\\c\nd")))
    let text = page(of: [metrics.snapshot()])
    #expect(text.contains(#"quicgw_requests_total{service="a\"b\\c\nd",direction="edge_to_core",status_class="2xx"} 1"# + "\n"))
  }

  @Test func `a core shows its connections together, an edge each of its own too`() {
    let loop = busyLoop()
    let core = page(of: [loop])
    for sample in [
      #"quicgw_connections{phase="handshaking"} 1"#, #"quicgw_connections{phase="established"} 3"#,
      #"quicgw_connections{phase="draining"} 0"#,
      "quicgw_open_streams 8", #"quicgw_round_trip_seconds{statistic="minimum"} 0.01"#,
      #"quicgw_round_trip_seconds{statistic="median"} 0.04"#, #"quicgw_round_trip_seconds{statistic="maximum"} 0.2"#,
      "quicgw_congestion_window_bytes 58880",
    ] {
      #expect(core.contains(sample + "\n"), "\(sample)")
    }
    #expect(!core.contains("quicgw_link_"))
    let edge = page(of: [loop], role: .edge)
    #expect(edge.contains(#"quicgw_link_round_trip_seconds{connection="forward"} 0.01"# + "\n"))
    #expect(edge.contains(#"quicgw_link_minimum_round_trip_seconds{connection="reversed"} 0.02"# + "\n"))
  }

  @Test func `a connection's name is a label once and labels have an end`() {
    let metrics = LoopMetrics()
    metrics.gauges = {
      LoopGauges(connections: (0..<1_000).map { ObservedConnection(name: "c\($0 / 2)", figures: sampleFigures()) })
    }
    let lines = page(of: [metrics.snapshot()], role: .edge).split(separator: "\n").filter {
      $0.hasPrefix("quicgw_link_round_trip_seconds{")
    }
    #expect(lines.count == 64)
    #expect(Set(lines).count == 64)
  }

  @Test func `without an established connection there is no round trip to show`() {
    let metrics = LoopMetrics()
    metrics.gauges = { LoopGauges(connections: [ObservedConnection(figures: sampleFigures(phase: .handshaking))]) }
    #expect(!page(of: [metrics.snapshot()]).contains("quicgw_round_trip_seconds{"))
  }

  @Test func `what the kernel says of this process`() throws {
    let before = try #require(ProcessResources.current())
    #expect(before.residentBytes > 1_000_000)
    #expect(before.openFiles > 2)
    #expect(before.maximumFiles >= before.openFiles)
    #expect(before.cpuTime > .zero)
  }

  private let resources = ProcessResources(
    cpuTime: .milliseconds(12_340), residentBytes: 20_971_520, openFiles: 12, maximumFiles: 1_024)

  private func busyLoop() -> LoopSnapshot {
    let metrics = LoopMetrics(services: ["modules"])
    metrics.record(.exchangeEnded(sampleSummary(grpcStatus: 0)))
    metrics.record(.linkChanged(.confirmed, core: "core:4433", reason: ""))
    metrics.gauges = {
      LoopGauges(
        openExchanges: 1,
        connections: [
          ObservedConnection(name: "forward", figures: sampleFigures(roundTrip: .milliseconds(10))),
          ObservedConnection(name: "reversed", figures: sampleFigures(roundTrip: .milliseconds(200))),
          ObservedConnection(figures: sampleFigures(roundTrip: .milliseconds(40))),
          ObservedConnection(figures: sampleFigures(phase: .handshaking, roundTrip: .seconds(9))),
        ])
    }
    return metrics.snapshot()
  }
}
