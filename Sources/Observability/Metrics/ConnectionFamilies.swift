import Events

/// The metrics made from the figures of QUIC connections: sums and extremes over all of them, and each by itself where it has a
/// name (an edge's few).
struct ConnectionFamilies {
  let connections: [ObservedConnection]
  let retired: PacketTotals

  func write(_ metric: Metric, to text: inout PrometheusText) {
    switch metric {
    case .connections:
      for phase in ConnectionPhase.allCases {
        text.sample(metric, [("phase", phase.rawValue)], connections.count { $0.figures.phase == phase })
      }
    case .openStreams: text.sample(metric, connections.reduce(0) { $0 + $1.figures.openStreams })
    case .roundTrip: writeRoundTrip(metric, to: &text)
    case .congestionWindow: text.sample(metric, connections.reduce(0) { $0 + $1.figures.congestionWindowBytes })
    case .bytesInFlight: text.sample(metric, connections.reduce(0) { $0 + $1.figures.bytesInFlight })
    case .packetsSent: text.sample(metric, packets.packetsSent)
    case .packetsReceived: text.sample(metric, packets.packetsReceived)
    case .packetsLost: text.sample(metric, packets.packetsLost)
    case .copiesSent: text.sample(metric, packets.copiesSent)
    case .copyBytes: text.sample(metric, packets.copyBytesSent)
    case .connectionBytes:
      text.sample(metric, [("direction", "received")], packets.bytesReceived)
      text.sample(metric, [("direction", "sent")], packets.bytesSent)
    case .linkRoundTrip: writeNamed { text.sample(metric, [("connection", $0)], $1.smoothedRoundTrip) }
    case .linkMinimumRoundTrip: writeNamed { text.sample(metric, [("connection", $0)], $1.minimumRoundTrip) }
    case .linkCongestionWindow: writeNamed { text.sample(metric, [("connection", $0)], $1.congestionWindowBytes) }
    default: break
    }
  }

  private var packets: PacketTotals {
    connections.reduce(into: retired) { $0.add($1.figures) }
  }

  private func writeRoundTrip(_ metric: Metric, to text: inout PrometheusText) {
    let times = connections.filter { $0.figures.phase == .established }.map(\.figures.smoothedRoundTrip).sorted()
    guard let first = times.first, let last = times.last else { return }
    text.sample(metric, [("statistic", "minimum")], first)
    text.sample(metric, [("statistic", "median")], times[times.count / 2])
    text.sample(metric, [("statistic", "maximum")], last)
  }

  /// A name is a label once: further connections of the same name are left out, and so are those beyond a fixed number.
  private func writeNamed(_ write: (String, ConnectionFigures) -> Void) {
    var seen: Set<String> = []
    for connection in connections {
      guard let name = connection.name, seen.count < Self.maximumNamed, seen.insert(name).inserted else { continue }
      write(name, connection.figures)
    }
  }

  private static let maximumNamed = 64
}
