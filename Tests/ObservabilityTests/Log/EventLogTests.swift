import Events
import Logging
import NIOCore
import Testing

@testable import Observability

@Suite struct EventLogTests {
  @Test(
    arguments: [
      (
        .handshakeCompleted(sampleConnection, identity: "edge-1", duration: .microseconds(3_100), isResumed: false),
        "INFO edge-1 connected from [::1]:51234, handshake 3.100 ms (connection 7)"
      ),
      (
        .handshakeCompleted(sampleConnection, identity: nil, duration: .milliseconds(2), isResumed: true),
        "INFO a peer without identity connected from [::1]:51234, resumed handshake 2.000 ms (connection 7)"
      ),
      (
        .handshakeFailed(sampleConnection, .unknownAuthority, reason: ""),
        """
        WARNING refused handshake from [::1]:51234: the client's certificate is signed by an unknown authority; issue it with \
        this core's CA
        """
      ),
      (
        .handshakeFailed(sampleConnection, .certificateExpired, reason: "not after 2020"),
        """
        WARNING refused handshake from [::1]:51234: the client's certificate has expired or is not valid yet; issue a new one \
        or set the clocks right (not after 2020)
        """
      ),
      (.datagramRefused(.unknownConnection, from: "[::1]:9"), "NOTICE dropped a datagram from [::1]:9: of no known connection"),
      (
        .messageRefused(wire: "HTTP/1.1", .ambiguousLength, from: "1.2.3.4:5", reason: "Content-Length and Transfer-Encoding"),
        "NOTICE refused a message from 1.2.3.4:5 over HTTP/1.1: its length is ambiguous (Content-Length and Transfer-Encoding)"
      ),
      (
        .originFailed(service: "grpc", origin: "h2c://127.0.0.1:9", reason: "connection refused"),
        "WARNING service grpc: origin h2c://127.0.0.1:9 failed: connection refused"
      ),
      (
        .connectionClosed(sampleConnection, .idle, reason: ""),
        "INFO connection 7 with [::1]:51234 ended, the peer was silent for too long"
      ),
      (.connectionMigrated(sampleConnection, from: "[::1]:5"), "INFO connection 7 moved from [::1]:5 to [::1]:51234"),
      (
        .addressChanged(from: "10.0.0.2", to: "192.0.2.9", peer: "198.51.100.1:4433"),
        "NOTICE the way to 198.51.100.1:4433 leaves from 192.0.2.9 and no longer from 10.0.0.2; connections move"
      ),
      (
        .addressWatchUnavailable(reason: "EPERM"),
        """
        NOTICE the kernel gives no news of addresses (EPERM); changes are looked for every two seconds, allow AF_NETLINK to be \
        faster
        """
      ),
      (
        .offloadDisabled(.segmentation, reason: "EIO"),
        "NOTICE segmentation offload (GSO) is off from now on, the kernel refused it: EIO; all works, at more CPU time"
      ),
      (
        .traceStopped(file: "/traces/aa_server.sqlog", reason: "No space left on device"),
        "WARNING the trace /traces/aa_server.sqlog ends here, its connection goes on: No space left on device"
      ),
      (
        .started(role: .core, listeners: ["udp [::]:4433"], link: nil, identity: "core.example", instance: "a1b2"),
        "NOTICE core listens on udp [::]:4433, identity core.example, instance a1b2"
      ),
      (
        .handshakeFailed(sampleConnection, .refusedByPeer, reason: "the peer refuses our certificate: it has expired"),
        """
        WARNING handshake from [::1]:51234 failed: the client refused this core (the peer refuses our certificate: it has \
        expired)
        """
      ),
      (
        .edge(.connected, sampleEdge, reason: ""),
        """
        NOTICE edge shop-17 at 192.0.2.1:40000 (connection 9) can be called; exposes camera, metrics, labels site=berlin, \
        tier=gold; instance a1020000, version 1.2.3
        """
      ),
      (
        .edge(.listed, sampleEdge, reason: ""),
        """
        NOTICE edge shop-17 at 192.0.2.1:40000 (connection 9) is connected since 2024-02-29T12:00:00.007Z; exposes camera, \
        metrics, labels site=berlin, tier=gold; instance a1020000, version 1.2.3; round trip 40.000 ms, 1.5 % of 2000 packets \
        lost
        """
      ),
      (
        .edge(.left, sampleEdge, reason: "shutting down"),
        """
        NOTICE edge shop-17 at 192.0.2.1:40000 (connection 9) is gone: shutting down; round trip 40.000 ms, 1.5 % of 2000 \
        packets lost
        """
      ),
      (.reloadRefused(reason: "services.x: no origin"), "ERROR not reloaded, everything stays as it is: services.x: no origin"),
      (
        .certificateExpires(name: "certs/core.pem", daysLeft: 1),
        "WARNING certificate certs/core.pem expires in 1 day; issue a new one and send SIGHUP"
      ),
      (
        .certificateExpires(name: "certs/core.pem", daysLeft: 9),
        "WARNING certificate certs/core.pem expires in 9 days; issue a new one and send SIGHUP"
      ),
      (
        .originFailed(service: "grpc", origin: "h2c://[::1]:9", reason: "origin h2c://[::1]:9 refused the connection"),
        "WARNING service grpc: origin h2c://[::1]:9 refused the connection"
      ),
      (.drainBegan(deadline: .seconds(25)), "NOTICE draining: no new requests, open ones have 25 s"),
      (.drainEnded(abandonedExchanges: 0), "NOTICE drained"),
    ] as [(Event, String)])
  func `a core's events are sentences with what to do`(event: Event, sentence: String) {
    #expect(lines(of: [event], role: .core) == [sentence])
  }

  @Test(
    arguments: [
      (
        .handshakeCompleted(sampleConnection, identity: "core.example", duration: .milliseconds(4), isResumed: true),
        "INFO connected to core.example at [::1]:51234, resumed handshake 4.000 ms (connection 7)"
      ),
      (
        .linkChanged(.connecting, core: "core:4433", reason: "the name core cannot be resolved"),
        "WARNING link to core:4433 could not be made and will be tried again: the name core cannot be resolved"
      ),
      (.linkChanged(.confirmed, core: "core:4433", reason: ""), "NOTICE link to core:4433 is up"),
      (
        .linkChanged(.lost, core: "core:4433", reason: "silent for 30 s"),
        "WARNING link to core:4433 is lost and will be tried again: silent for 30 s"
      ),
      (
        .linkChanged(.suspect, core: "core:4433", reason: "no answer for 3.0 s"),
        "WARNING link to core:4433 is suspect, is probed and dialled anew beside; requests wait or use another core: "
          + "no answer for 3.0 s"
      ),
      (.requestsRepeated(count: 1), "NOTICE a request whose connection does not answer was sent again on another"),
      (.requestsRepeated(count: 3), "NOTICE 3 requests whose connections do not answer were sent again on another"),
      (
        .started(role: .edge, listeners: ["127.0.0.1:8080"], link: "core:4433", identity: "edge-1", instance: "c3"),
        "NOTICE edge listens on 127.0.0.1:8080, links to core:4433, identity edge-1, instance c3"
      ),
    ] as [(Event, String)])
  func `an edge's events are told from its side`(event: Event, sentence: String) {
    #expect(lines(of: [event], role: .edge) == [sentence])
  }

  @Test(arguments: HandshakeFailure.allCases)
  func `every failed handshake says what is wrong`(failure: HandshakeFailure) {
    let line = lines(of: [.handshakeFailed(sampleConnection, failure, reason: "x")], role: .core)[0]
    #expect(line.hasPrefix(failure == .abandoned ? "INFO " : "WARNING ") && line.hasSuffix(" (x)") && line.utf8.count > 60, "\(line)")
  }

  @Test func `a link that cannot be made is one line in ten seconds, and all is told before it is up`() {
    let output = MemoryOutput()
    let clock = VirtualClock()
    let log = EventLog(role: .edge, settings: LogSettings(), logger: logger(LogSettings(), output), now: { clock.now })
    func fail(_ attempt: Int) {
      log.record(.handshakeFailed(sampleConnection, .refusedByPeer, reason: "no \(attempt)"))
      log.record(.linkChanged(.refused, core: "c:1", reason: "no \(attempt)"))
      clock.advance(.seconds(1))
      log.tick(now: clock.now)
    }
    for attempt in 1...12 { fail(attempt) }
    log.record(.linkChanged(.confirmed, core: "c:1", reason: ""))
    clock.advance(.seconds(60))
    log.tick(now: clock.now)
    #expect(
      output.lines.map { $0.dropFirst(25) } == [
        "ERROR link to c:1 is refused and will be tried again: no 1",
        "ERROR link to c:1 is refused and will be tried again: no 10 (and 8 more like it)",
        "ERROR link to c:1 is refused and will be tried again: no 12 (and 1 more like it)", "NOTICE link to c:1 is up",
      ])
  }

  @Test func `the line of the start is written at every level`() {
    let output = MemoryOutput()
    let settings = LogSettings(level: .critical)
    let log = EventLog(role: .core, settings: settings, logger: logger(settings, output))
    log.record(.started(role: .core, listeners: ["udp [::]:4433"], link: "a (http://a)", identity: nil, instance: "1"))
    #expect(output.lines.map { $0.dropFirst(25) } == ["NOTICE core listens on udp [::]:4433, links to a (http://a), instance 1"])
  }

  @Test func `JSON entries carry the parts of the event`() {
    let output = MemoryOutput()
    let settings = LogSettings(format: .json)
    let log = EventLog(role: .core, settings: settings, logger: logger(settings, output))
    log.record(.handshakeFailed(sampleConnection, .noCertificate, reason: "alert 116"))
    #expect(
      output.text
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"warning","message":"refused handshake from [::1]:51234: the client sent no certificate; give it one that this core's CA issued (alert 116)","cause":"no_certificate","connection":7,"event":"handshake_failed","peer":"[::1]:51234","reason":"alert 116"}"#
        + "\n")
  }

  @Test func `hostile input makes one line a second and cause, with a count`() {
    let output = MemoryOutput()
    let clock = VirtualClock()
    let log = EventLog(role: .core, settings: LogSettings(), logger: logger(LogSettings(), output), now: { clock.now })
    for port in 0..<10_000 {
      log.record(.datagramRefused(.malformed, from: "[::1]:\(port)"))
      log.record(.datagramRefused(.tooShort, from: "[::1]:\(port)"))
    }
    #expect(output.lines.count == 2)
    clock.advance(.milliseconds(500))
    log.tick(now: clock.now)
    #expect(output.lines.count == 2)
    clock.advance(.milliseconds(500))
    log.record(.datagramRefused(.malformed, from: "[::1]:7"))
    log.tick(now: clock.now)
    #expect(
      output.lines.map { $0.dropFirst(25) } == [
        "NOTICE dropped a datagram from [::1]:0: not QUIC", "NOTICE dropped a datagram from [::1]:0: too short",
        "NOTICE dropped a datagram from [::1]:7: not QUIC (and 9999 more like it)",
        "NOTICE dropped a datagram from [::1]:9999: too short (and 9998 more like it)",
      ])
  }

  @Test func `the limit is one for all loops`() async {
    let output = MemoryOutput()
    let clock = VirtualClock()
    let log = EventLog(role: .core, settings: LogSettings(), logger: logger(LogSettings(), output), now: { clock.now })
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<100 { log.record(.handshakeFailed(sampleConnection, .noIdentity, reason: "")) }
        }
      }
    }
    #expect(output.lines.count == 1)
    clock.advance(.seconds(1))
    log.tick(now: clock.now)
    #expect(output.lines.last?.hasSuffix("(and 398 more like it)") == true)
  }

  @Test func `without an access log only requests that failed are told, under the limit`() {
    let events: [Event] = [
      .exchangeEnded(sampleSummary()), .exchangeEnded(sampleSummary(outcome: .cancelled)),
      .exchangeEnded(sampleSummary(status: 502, outcome: .refused, reason: "nobody listens")),
      .exchangeEnded(sampleSummary(status: 502, outcome: .refused, reason: "nobody listens")),
    ]
    #expect(
      lines(of: events, role: .core) == [
        "WARNING GET /mod/@v/list of service modules from [::1]:51234 was refused: nobody listens"
      ])
  }

  @Test func `lines below the level are not made`() {
    let output = MemoryOutput()
    let settings = LogSettings(level: .warning)
    let log = EventLog(role: .core, settings: settings, logger: logger(settings, output))
    log.record(.datagramRefused(.malformed, from: "x"))
    log.record(.handshakeCompleted(sampleConnection, identity: nil, duration: .zero, isResumed: false))
    log.record(.reloadRefused(reason: "x"))
    #expect(output.lines.count == 1)
  }

  @Test func `what an edge claims is cut in fields as in the sentence`() {
    var edge = sampleEdge
    edge.services = (100..<356).map { "s\($0)" }
    edge.labels = Dictionary(uniqueKeysWithValues: (100..<164).map { ("l\($0)", "x") })
    edge.refused = (100..<121).map { "r\($0)" }
    let fields = edge.logFields(reason: "")
    #expect(fields["services"] == .array((100..<120).map { .string("s\($0)") }))
    #expect(fields["labels"] == .dictionary(Dictionary(uniqueKeysWithValues: (100..<120).map { ("l\($0)", .string("x")) })))
    #expect(fields["refused"] == .array((100..<120).map { .string("r\($0)") }))
    #expect(["services", "labels", "refused"].map { fields["\($0)_left_out"]?.description } == ["236", "44", "1"])
    let short = sampleEdge.logFields(reason: "")
    #expect(short["services_left_out"] == nil && short["labels_left_out"] == nil)
  }

  /// The lines of events without their times.
  private func lines(of events: [Event], role: Role) -> [String] {
    let output = MemoryOutput()
    let log = EventLog(role: role, settings: LogSettings(), logger: logger(LogSettings(), output))
    for event in events { log.record(event) }
    return output.lines.map { String($0.dropFirst(25)) }
  }

  private func logger(_ settings: LogSettings, _ output: MemoryOutput) -> Logger {
    Logger(label: "test") { _ in LineLogHandler(settings: settings, output: output, clock: { sampleTime }) }
  }
}
