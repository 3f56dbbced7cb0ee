import Events
import Observability
import QUICTransport

/// What a core has against early data that is sent again: one for all its loops and all its TLS contexts, those of a reload
/// included, because it knows what was taken before.
struct EarlyDataProtection: Sendable {
  let antiReplay: AntiReplay
  private let flights: FlightRecord

  /// Opens the record of first flights that the options name. A file that cannot be used is told of and does without.
  init(_ options: EarlyDataOptions, record: (Event) -> Void) throws(TLSContextError) {
    guard let path = options.recordFile else {
      flights = FlightRecord()
      antiReplay = try AntiReplay(record: flights)
      return
    }
    do throws(FileTrouble) {
      flights = try FlightRecord(file: path, unixTime: WallTime.now().seconds)
    } catch {
      record(.earlyDataStorage(file: path, reason: "\(error)", consequence: Self.withoutFile))
      flights = FlightRecord()
    }
    antiReplay = try AntiReplay(record: flights)
    if flights.beganAt != nil, !antiReplay.coversEarlierTickets {
      record(
        .earlyDataStorage(
          file: path, reason: "this GnuTLS takes no tickets from before its start", consequence: Self.withoutFile))
    }
  }

  /// Since when the record is complete, over restarts; nil when it began with this process.
  var recordBeganAt: Int64? { flights.beganAt }

  /// The process takes no more early data, and the next one may begin.
  func close() { flights.close() }

  private static let withoutFile = "edges that come back after a restart of this core begin without early data"
}

extension TLSConfiguration {
  func taking(_ protection: EarlyDataProtection?) -> TLSConfiguration {
    var configuration = self
    configuration.antiReplay = protection?.antiReplay
    return configuration
  }
}
