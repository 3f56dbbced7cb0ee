import Synchronization

/// A folder with a file for each connection that is traced.
///
/// Loops hand records over and never wait for a disk: somebody else's thread writes them. What is not written yet is bounded, and
/// whatever goes wrong costs a trace and never a connection.
public final class TraceFolder: Sendable {
  /// Does things one after another, in their order, elsewhere.
  public typealias Worker = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

  private let path: String
  private let worker: Worker
  private let stopped: @Sendable (_ file: String, _ reason: String) -> Void
  private let backlog = Atomic<Int>(0)
  private let backlogLimit: Int

  /// - Parameters:
  ///   - path: a folder that exists.
  ///   - backlogLimit: bytes that may wait to be written, of all traces.
  ///   - stopped: told once, by the worker, of each trace that could not be written to its end.
  public init(
    path: String, backlogLimit: Int = 16 << 20, worker: @escaping Worker,
    stopped: @escaping @Sendable (_ file: String, _ reason: String) -> Void
  ) {
    self.path = path
    self.worker = worker
    self.stopped = stopped
    self.backlogLimit = backlogLimit
  }

  /// A trace; its file is made with the first records. One of that name that exists stays, and the new one gets a number.
  /// - Parameter name: the file's, without its ending.
  public func trace(_ name: String) -> TraceFile {
    TraceFile(file: AppendedFile(folder: path, name: name, ending: Self.ending), folder: self)
  }

  /// False when there is too much that waits already.
  func write(_ records: [UInt8], to file: AppendedFile) -> Bool {
    guard backlog.wrappingAdd(records.count, ordering: .relaxed).newValue <= backlogLimit else {
      backlog.wrappingSubtract(records.count, ordering: .relaxed)
      stop(file, "the disk is slower than the trace")
      return false
    }
    worker { [self] in
      backlog.wrappingSubtract(records.count, ordering: .relaxed)
      do {
        try file.append(records)
      } catch {
        stop(file, "\(error)")
      }
    }
    return true
  }

  func close(_ file: AppendedFile) {
    worker { file.close() }
  }

  private func stop(_ file: AppendedFile, _ reason: String) {
    guard file.stop() else { return }
    worker { [stopped] in stopped(file.path, reason) }
  }

  /// What viewers of qlog know a JSON text sequence by.
  private static let ending = "sqlog"
}
