import NIOCore

/// Writes Prometheus' text format, version 0.0.4.
struct PrometheusText {
  private(set) var bytes = ByteBuffer()

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  typealias Label = (name: String, value: String)

  /// HELP and TYPE of a metric; its samples must follow directly.
  mutating func declare(_ metric: Metric) {
    put("# HELP \(metric.rawValue) ")
    escape(metric.help, quotes: false)
    put("\n# TYPE \(metric.rawValue) \(metric.kind.rawValue)\n")
  }

  mutating func sample(_ metric: Metric, _ value: some BinaryInteger) {
    sample(metric.rawValue, [], String(value))
  }

  mutating func sample(_ metric: Metric, _ labels: [Label], _ value: some BinaryInteger) {
    sample(metric.rawValue, labels, String(value))
  }

  mutating func sample(_ metric: Metric, _ labels: [Label], _ duration: Duration) {
    sample(metric.rawValue, labels, duration.secondsText)
  }

  /// `_bucket`, `_sum` and `_count` of a histogram; buckets are cumulative and end in `+Inf`.
  mutating func histogram(_ metric: Metric, _ labels: [Label], _ histogram: DurationHistogram) {
    var count: UInt64 = 0
    for (bound, occurrences) in zip(DurationHistogram.bounds.map(\.label) + ["+Inf"], histogram.counts) {
      count += occurrences
      sample(metric.rawValue + "_bucket", labels + [("le", bound)], String(count))
    }
    sample(metric.rawValue + "_sum", labels, histogram.sum.secondsText)
    sample(metric.rawValue + "_count", labels, String(count))
  }

  private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
    put(name)
    for (index, label) in labels.enumerated() {
      put(index == 0 ? "{" : ",")
      put(label.name)
      put("=\"")
      escape(label.value, quotes: true)
      put("\"")
    }
    put(labels.isEmpty ? " " : "} ")
    put(value)
    put("\n")
  }

  private mutating func escape(_ text: String, quotes: Bool) {
    guard text.utf8.contains(where: { [UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\"")].contains($0) }) else {
      return put(text)
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": put("\\\\")
      case "\n": put("\\n")
      case "\"" where quotes: put("\\\"")
      default: put(String(scalar))
      }
    }
  }

  private mutating func put(_ text: String) {
    bytes.writeString(text)
  }
}

extension Duration {
  /// Seconds with microseconds, without trailing zeros.
  fileprivate var secondsText: String {
    let (seconds, attoseconds) = components
    return "\(Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1e6)"
  }
}
