import Events
import Exchange
import Logging
import NIOCore
import NIOEmbedded
import Observability
import Testing

@Suite struct AccessLogTests {
  private let loop = EmbeddedEventLoop()
  private let output = MemoryOutput()

  @Test func `a text line has the request, its answer and the edge's identity`() {
    log(.text).record(sampleSummary())
    loop.run()
    #expect(
      output.text
        == #"2024-02-29T12:00:00.007Z INFO GET /mod/@v/list status=200 service=modules direction=edge_to_core wire=HTTP/3 to=HTTP/1.1 edge=edge-1 client=[::1]:51234 request_bytes=0 response_bytes=1234 duration_ms=3.120"#
        + "\n")
  }

  @Test func `a JSON line has the same under stable keys`() {
    log(.json).record(sampleSummary(grpcStatus: 0))
    loop.run()
    #expect(
      output.text
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"info","message":"GET /mod/@v/list","event":"exchange_ended","method":"GET","path":"/mod/@v/list","status":200,"grpc_status":0,"service":"modules","direction":"edge_to_core","wire":"HTTP/3","to":"HTTP/1.1","edge":"edge-1","client":"[::1]:51234","request_bytes":0,"response_bytes":1234,"duration_ms":3.120}"#
        + "\n")
  }

  @Test func `a request that failed says how and why`() {
    log(.text).record(sampleSummary(identity: nil, status: nil, outcome: .broken, reason: "the origin \"left\""))
    loop.run()
    #expect(output.lines[0].contains(" WARNING GET "))
    #expect(!output.lines[0].contains(" status="))
    #expect(!output.lines[0].contains(" edge="))
    #expect(output.lines[0].hasSuffix(#" outcome=broken reason="the origin \"left\"""#))
  }

  @Test func `a path cannot forge a line, and bytes that are not UTF-8 do not spoil JSON`() {
    var summary = sampleSummary()
    summary.pathBytes = Array("/a\nb\"".utf8) + [0xff, 0xc3, 0x28]
    log(.json).record(summary)
    loop.run()
    #expect(output.lines.count == 1)
    #expect(output.text.contains(##""path":"/a\nb\"��(""##))
    #expect(output.text.contains(##""message":"GET /a\nb\"��(""##))
  }

  @Test func `the lines of a loop's turn are one write at its end`() {
    let log = log(.text)
    for _ in 0..<10 { log.record(sampleSummary()) }
    #expect(output.writeCount == 0)
    loop.run()
    #expect(output.writeCount == 1)
    #expect(output.lines.count == 10)
    log.record(sampleSummary())
    loop.run()
    #expect(output.writeCount == 2)
    #expect(output.lines.count == 11)
  }

  @Test func `a turn with very many requests is written in pieces`() {
    let log = log(.text)
    for _ in 0..<1_000 { log.record(sampleSummary()) }
    #expect(output.writeCount > 1)
    loop.run()
    #expect(output.lines.count == 1_000)
    #expect(output.text.utf8.count / output.writeCount <= 40_000)
  }

  @Test func `requests below the level make no line`() {
    let log = AccessLog(settings: LogSettings(level: .warning), turn: LoopTurn(eventLoop: loop), output: output)
    log.record(sampleSummary())
    log.record(sampleSummary(outcome: .refused))
    loop.run()
    #expect(output.lines.count == 1)
  }

  @Test func `the fan gives requests to the access log, everything to the metrics and the rest to the log`() {
    let metrics = LoopMetrics(services: ["modules"])
    let accessOutput = MemoryOutput()
    let eventLog = EventLog(role: .core, settings: LogSettings(), output: output)
    let access = AccessLog(settings: LogSettings(), turn: LoopTurn(eventLoop: loop), output: accessOutput)
    let fan = EventFan(log: eventLog, accessLog: access, metrics: metrics)
    fan.record(.exchangeEnded(sampleSummary(status: 502, outcome: .refused, reason: "no")))
    fan.record(.datagramRefused(.malformed, from: "x"))
    loop.run()
    #expect(accessOutput.lines.count == 1)
    #expect(output.lines.count == 1)
    let page = page(of: [metrics.snapshot()])
    #expect(page.contains(#"quicgw_requests_total{service="modules",direction="edge_to_core",status_class="5xx"} 1"#))
    #expect(page.contains(#"quicgw_refused_datagrams_total{cause="malformed"} 1"#))
  }

  @Test func `the fan's tick writes what was held back`() {
    let clock = VirtualClock()
    let logger = Logger(label: "test") { [output] _ in LineLogHandler(settings: LogSettings(), output: output) }
    let fan = EventFan(
      log: EventLog(role: .core, settings: LogSettings(), logger: logger, now: { clock.now }), metrics: nil)
    for _ in 0..<3 { fan.record(.datagramRefused(.malformed, from: "x")) }
    #expect(output.lines.count == 1)
    clock.advance(.seconds(1))
    fan.tick(now: clock.now)
    #expect(output.lines.count == 2)
    #expect(output.lines[1].hasSuffix("(and 1 more like it)"))
  }

  private func log(_ format: LogFormat) -> AccessLog {
    AccessLog(settings: LogSettings(format: format), turn: LoopTurn(eventLoop: loop), output: output, clock: { sampleTime })
  }
}

/// The metrics page of a core of these loops, as text.
func page(of loops: [LoopSnapshot], role: Role = .core, resources: ProcessResources? = nil) -> String {
  let process = ProcessFacts(
    role: role, version: "1.2.3", instance: "a1b2", startTime: sampleTime,
    certificates: [CertificateExpiry(name: #"certs\core".pem"#, expiry: WallTime(seconds: sampleTime.seconds + 86_400))])
  return String(buffer: MetricsPage(process: process, loops: loops, resources: resources, now: sampleTime).text())
}
