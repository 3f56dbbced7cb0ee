import LinkEmulator
import QUICTransport
import Synchronization
import Testing

extension QUICSessionPair {
  /// A pair whose client has tickets, of a server that takes early data, and what keeps that server from taking it twice.
  static func withTicket(
    isReversed: Bool, conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)), seed: UInt64 = 1
  ) throws -> (QUICSessionPair, AntiReplay) {
    let antiReplay = try AntiReplay(record: Record())
    let pair = try QUICSessionPair(isReversed: isReversed, conditions: conditions, seed: seed)
    try pair.takeEarlyData(antiReplay)
    try #require(pair.run { pair.ticketCount == 2 })
    return (pair, antiReplay)
  }

  private final class Record: ReplayRecord {
    let beganAt: Int64? = nil
    private let admitted = Mutex<Set<FlightIdentifier>>([])

    func admit(_ flight: FlightIdentifier, unixTime: Int64) -> FlightVerdict {
      admitted.withLock { $0.insert(flight).inserted } ? .new : .seen
    }
  }
}
