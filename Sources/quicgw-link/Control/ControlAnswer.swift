import FoundationEssentials
import LinkEmulator

/// What the link answers: one JSON object in one line.
enum ControlAnswer {
  static let done = "{}"

  static func refused(_ error: ControlError) -> String { line(["error": error.description]) }

  static func counters(_ link: Link<IPPacket>, refused: (forward: Int, backward: Int), _ lateness: Lateness) -> String {
    line(
      Counters(
        forward: .init(link.forward.counts), backward: .init(link.backward.counts),
        refused: .init(forward: refused.forward, backward: refused.backward),
        latenessUs: .init(
          p50: lateness.quantile(0.5) / 1000, p99: lateness.quantile(0.99) / 1000, max: lateness.greatest / 1000)))
  }

  private struct Counters: Encodable {
    struct Direction: Encodable {
      let sent, delivered, lost, lostInBurst, lostInOutage, lostInQueue: Int
      let duplicated, corrupted, reordered, underWay, bytesDelivered: Int

      init(_ counts: LinkCounts) {
        (sent, delivered, bytesDelivered) = (counts.sent, counts.delivered, counts.bytesDelivered)
        (lost, lostInBurst) = (counts.lost, counts.lostInBurst)
        (lostInOutage, lostInQueue) = (counts.lostInOutage, counts.lostInQueue)
        (duplicated, corrupted, reordered) = (counts.duplicated, counts.corrupted, counts.reordered)
        underWay = counts.underWay
      }
    }

    /// Packets that arrived and that the receiving kernel did not take.
    struct Refused: Encodable { let forward, backward: Int }

    struct Quantiles: Encodable { let p50, p99, max: UInt64 }

    let forward, backward: Direction
    let refused: Refused
    let latenessUs: Quantiles
  }

  private static func line(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("numbers and strings can always be encoded: \(error)")
    }
  }
}
