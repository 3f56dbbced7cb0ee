import Events
import NIOPosix
public import Observability
public import QUICTransport

/// The traces of a process's QUIC connections, and the thread that writes them.
struct Tracing: Sendable {
  private let folder: TraceFolder
  private let thread: NIOThreadPool

  /// - Parameters:
  ///   - path: a folder that exists; nil for no traces.
  ///   - record: told when a trace could not be written to its end.
  static func start(in path: String?, record: @escaping @Sendable (Event) -> Void) -> Tracing? {
    guard let path else { return nil }
    let thread = NIOThreadPool(numberOfThreads: 1)
    thread.start()
    let folder = TraceFolder(path: path, worker: { work in thread.submit { _ in work() } }) { file, reason in
      record(.traceStopped(file: file, reason: reason))
    }
    return Tracing(folder: folder, thread: thread)
  }

  /// The sink for a connection's trace.
  func sink(_ name: TraceName) -> any TraceSink {
    folder.trace("\(name.original)_\(name.isClient ? "client" : "server")")
  }

  /// Returns when everything that was handed over has been written. To be called before the loops end, which report what fails.
  func finish() async throws {
    // What waits at the shutdown would be done beside what is being done.
    try await thread.runIfActive {}
    try await thread.shutdownGracefully()
  }
}

extension TraceFile: TraceSink {}
