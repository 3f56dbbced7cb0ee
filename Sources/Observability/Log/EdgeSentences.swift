import Events
import HTTPMessage
import Logging

extension EdgePhase {
  var logLevel: LogLevel {
    switch self {
    case .connected, .changed, .left, .listed: .notice
    case .doubted, .heard, .draining, .replaced: .info
    case .suspect: .warning
    }
  }
}

extension EdgeFacts {
  /// What happened to the edge, with what the operator of a core wants to know of it then.
  func sentence(_ phase: EdgePhase, reason: String) -> String {
    let why = reason.isEmpty ? "" : ": \(reason)"
    let at = "edge \(identity) at \(connection.peer) (connection \(connection.number))"
    switch phase {
    case .connected: return "\(at) can be called\(why); \(claims)"
    case .changed: return "\(at) has changed\(why); \(claims)"
    case .suspect: return "\(at) is suspect, requests go elsewhere or wait\(why)"
    case .doubted:
      return "\(at) may be gone, another process of the same edge has come; it is asked, and requests go elsewhere\(why)"
    case .heard: return "\(at) has answered, requests go there again\(why)"
    case .draining: return "\(at) takes no new requests\(why)"
    case .replaced: return "\(at) is replaced by a newer connection of the same process\(why)"
    case .left: return "\(at) is gone\(why); \(link)"
    case .listed: return "\(at) is connected since \(Timestamp.text(milliseconds: since)); \(claims); \(link)"
    }
  }

  func logFields(reason: String) -> Logger.Metadata {
    let labels = sortedLabels.prefix(Self.listedNames).map { ($0.key, Logger.MetadataValue.string($0.value)) }
    var fields: Logger.Metadata = [
      "connection": .stringConvertible(connection.number), "peer": .string(connection.peer), "identity": .string(identity),
      "instance": .string(instanceText), "version": .string(version), "services": Self.field(services),
      "labels": .dictionary(Dictionary(uniqueKeysWithValues: labels)),
      "since": .string(Timestamp.text(milliseconds: since)),
      "packets_sent": .stringConvertible(packetsSent), "packets_lost": .stringConvertible(packetsLost),
    ]
    if !refused.isEmpty { fields["refused"] = Self.field(refused) }
    for (name, count) in [("services", services.count), ("labels", self.labels.count), ("refused", refused.count)]
    where count > Self.listedNames {
      fields["\(name)_left_out"] = .stringConvertible(count - Self.listedNames)
    }
    if let smoothedRoundTrip { fields["round_trip_ms"] = .stringConvertible(smoothedRoundTrip) }
    if !reason.isEmpty { fields["reason"] = .string(reason) }
    return fields
  }

  private var claims: String {
    var text = services.isEmpty ? "exposes nothing" : "exposes \(Self.list(services))"
    if !labels.isEmpty { text += ", labels \(Self.list(sortedLabels.map { "\($0.key)=\($0.value)" }))" }
    if !refused.isEmpty { text += ", may not have \(Self.list(refused)) that it claims, see edges in the configuration" }
    return text + "; instance \(instanceText), version \(version)"
  }

  private var link: String {
    guard let smoothedRoundTrip else { return "nothing was measured" }
    let lost = packetsSent == 0 ? 0 : Double(packetsLost * 1000 / packetsSent) / 10
    return "round trip \(smoothedRoundTrip.millisecondsText) ms, \(lost) % of \(packetsSent) packets lost"
  }

  /// As much of the instance as `Via` and `Proxy-Status` show of it.
  private var instanceText: String { Hexadecimal.text(instance.prefix(4)) }

  /// An edge may announce more than a line can hold.
  private static func list(_ names: [String]) -> String {
    let more = names.count > listedNames ? " and \(names.count - listedNames) more" : ""
    return names.prefix(listedNames).joined(separator: ", ") + more
  }

  private static func field(_ names: [String]) -> Logger.MetadataValue {
    .array(names.prefix(listedNames).map { .string($0) })
  }

  private var sortedLabels: [(key: String, value: String)] { labels.sorted { $0.key < $1.key } }

  private static let listedNames = 20
}
