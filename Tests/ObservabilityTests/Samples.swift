import Events
import NIOCore
import Observability
import Synchronization

/// Keeps lines instead of writing them.
final class MemoryOutput: LineOutput {
  private let written = Mutex<[[UInt8]]>([])

  func write(_ lines: [UInt8]) {
    written.withLock { $0.append(lines) }
  }

  var text: String { String(decoding: written.withLock { Array($0.joined()) }, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }
  /// How often something was written.
  var writeCount: Int { written.withLock { $0.count } }
}

/// Noon of a leap day.
let sampleTime = WallTime(seconds: 1_709_208_000, nanoseconds: 7_999_999)

/// A clock that only tests move.
final class VirtualClock: Sendable {
  private let time = Mutex(NIODeadline.uptimeNanoseconds(1_000_000_000))

  var now: NIODeadline { time.withLock { $0 } }

  func advance(_ amount: TimeAmount) {
    time.withLock { $0 = $0 + amount }
  }
}

func sampleSummary(
  service: String = "modules", direction: Direction = .edgeToCore, method: String = "GET", path: String = "/mod/@v/list",
  identity: String? = "edge-1", status: Int? = 200, grpcStatus: Int? = nil, requestBytes: UInt64 = 0,
  responseBytes: UInt64 = 1_234,
  duration: Duration = .microseconds(3_120), outcome: ExchangeOutcome = .complete, reason: String? = nil
) -> ExchangeSummary {
  ExchangeSummary(
    service: service, direction: direction, clientWire: "HTTP/3", destinationWire: "HTTP/1.1",
    methodBytes: Array(method.utf8)[...],
    pathBytes: Array(path.utf8)[...], identity: identity, client: "[::1]:51234", status: status, grpcStatus: grpcStatus,
    requestBytes: requestBytes, responseBytes: responseBytes, duration: duration, outcome: outcome, reason: reason)
}

let sampleConnection = ConnectionName(number: 7, peer: "[::1]:51234")

func sampleFigures(
  phase: ConnectionPhase = .established, openStreams: Int = 2, roundTrip: Duration = .milliseconds(40), packetsLost: UInt64 = 3
) -> ConnectionFigures {
  ConnectionFigures(
    phase: phase, identity: "edge-1", openStreams: openStreams, smoothedRoundTrip: roundTrip, minimumRoundTrip: .milliseconds(20),
    congestionWindowBytes: 14_720, bytesInFlight: 1_200, bytesSent: 1_000, bytesReceived: 2_000, packetsSent: 10,
    packetsReceived: 20, packetsLost: packetsLost, copiesSent: 4, copyBytesSent: 500)
}

let sampleEdge = EdgeFacts(
  connection: ConnectionName(number: 9, peer: "192.0.2.1:40000"), identity: "shop-17", instance: [0xa1, 0x02] + [UInt8](repeating: 0, count: 14),
  version: "1.2.3", services: ["camera", "metrics"], labels: ["site": "berlin", "tier": "gold"], refused: [], since: 1_709_208_000_007,
  smoothedRoundTrip: .milliseconds(40), packetsSent: 2_000, packetsLost: 30)
