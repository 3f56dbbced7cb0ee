import Foundation

/// A process of this same program that the demo has started: a core or an edge, its log in a file.
final class DemoProcess {
  let name: String
  let logFile: String
  private let process = Process()

  /// Starts `quicgw` with these arguments.
  init(_ name: String, _ arguments: [String], folder: String) throws {
    self.name = name
    logFile = "\(folder)/\(name).log"
    guard FileManager.default.createFile(atPath: logFile, contents: nil) else {
      throw CommandError.failure("\(logFile) cannot be written")
    }
    let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logFile))
    process.executableURL = try Self.program()
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = log
    process.standardError = log
    do {
      try process.run()
    } catch {
      throw CommandError.failure("the \(name) cannot be started: \(error)")
    }
  }

  /// - Throws: when it has ended, with the last line of its log.
  func checkRunning() throws {
    guard process.isRunning else {
      throw CommandError.failure("the \(name) ended with status \(process.terminationStatus): \(lastLines(1))")
    }
  }

  func lastLines(_ count: Int) -> String {
    let text = (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(count).joined(separator: "\n")
  }

  /// Asks it to drain and waits; kills it when it takes too long.
  /// - Returns: its exit status; nil if it had to be killed.
  func stop(within limit: Duration = .seconds(10)) async -> Int32? {
    if process.isRunning { process.terminate() }
    let deadline = ContinuousClock.now + limit
    while process.isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
    guard process.isRunning else { return process.terminationStatus }
    kill(process.processIdentifier, SIGKILL)
    return nil
  }

  /// The file of the program that is running.
  static func program() throws -> URL {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    guard FileManager.default.isExecutableFile(atPath: own.path) else {
      throw CommandError.failure("this program's own file cannot be found; was it replaced while it ran?")
    }
    return own
  }
}
