import QUICTransport
import Synchronization

/// The local record of first flights (RFC 8446 §8.2): all loops of a core share it, and in a file it survives the process.
///
/// A flight is written before its early data is taken. That it is in the kernel is enough when the process dies; when the machine
/// does, the record begins anew, and tickets from before are refused early data.
final class FlightRecord: ReplayRecord {
  let beganAt: Int64?
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var flights: RememberedFlights
    var file: FlightFile?
    /// How many entries the file may have before those that are forgotten are left out.
    var rewriteAt = 0
    var isClosed = false
  }

  /// A record in memory, which begins with the process.
  init(capacity: Int = FlightRecord.defaultCapacity) {
    beganAt = nil
    state = Mutex(State(flights: RememberedFlights(capacity: capacity), file: nil))
  }

  /// A record in a file, continued if there is one of this machine's present run, else begun.
  /// - Throws: `FileTrouble` when the file cannot be used; another process that has it open is one reason.
  init(file path: String, capacity: Int = FlightRecord.defaultCapacity, unixTime: Int64) throws(FileTrouble) {
    var flights = RememberedFlights(capacity: capacity)
    let file = try FlightFile(path: path, unixTime: unixTime) { flights.insert($0) }
    beganAt = file.beganAt
    state = Mutex(State(flights: flights, file: file))
  }

  func admit(_ flight: FlightIdentifier, unixTime: Int64) -> FlightVerdict {
    state.withLock { state in
      guard !state.isClosed else { return .unrecorded }
      let verdict = state.flights.admit(flight, unixTime: unixTime)
      guard verdict == .new, let file = state.file else { return verdict }
      let entries = state.flights.entries
      guard let last = entries.last, file.append(last) else {
        state.flights.removeLast()
        return .unrecorded
      }
      let limit = 2 * max(entries.count, FlightRecord.rewriteFrom)
      if file.entryCount > max(limit, state.rewriteAt) {
        // Where it fails, because the disk is full for one, it fails for a while; each try costs milliseconds.
        state.rewriteAt = file.rewrite(entries) ? 0 : file.entryCount + FlightRecord.rewriteFrom
      }
      return .new
    }
  }

  /// Takes nothing more; another process may open the file.
  func close() {
    state.withLock { state in
      state.isClosed = true
      state.file = nil
    }
  }

  /// Each attempt of an edge that resumes a session takes one, and an edge has two connections: enough for ten thousand edges of
  /// which each comes back fifty times in the day for which flights are remembered. Full they take about 75 MB.
  static let defaultCapacity = 1_000_000
  private static let rewriteFrom = 50_000
}
