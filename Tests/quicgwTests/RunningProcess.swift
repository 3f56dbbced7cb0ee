import Foundation
import Testing

/// A `quicgw server` or `quicgw edge` that runs while a test looks at it; its log is read as it is written.
final class RunningProcess {
  private let process = Process()
  private let errors = Pipe()
  private var pending = Data()
  /// No test looks at one for so long: a line that does not come fails the test that waits for it, and holds nobody up.
  private static let lifeLimit = 60.0
  private(set) var lines: [String] = []

  /// - Parameters:
  ///   - limits: shell commands that run before, such as `ulimit -n 64`.
  ///   - environment: variables beside those of this process.
  init(_ arguments: [String], in folder: String, limits: String? = nil, environment: [String: String] = [:]) throws {
    let program = try Command.program()
    if let limits {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(limits) && exec \"$0\" \"$@\"", program.path] + arguments
    } else {
      process.executableURL = program
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let identifier = process.processIdentifier
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.lifeLimit) { [weak process] in
      if process?.isRunning == true { kill(identifier, SIGKILL) }
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// Reads the log until a line has all these words; waits for as long as the process lives, a minute at most, and until `limit`
  /// lines.
  func line(with words: String..., limit: Int = 200) throws -> String {
    var seen = 0
    while seen < limit, let line = nextLine() {
      seen += 1
      if words.allSatisfy(line.contains) { return line }
    }
    Issue.record("no line with \(words) in:\n\(lines.joined(separator: "\n"))")
    throw CancellationError()
  }

  /// What the kernel says of the process in /proc.
  func facts(_ name: String) throws -> String {
    try String(contentsOfFile: "/proc/\(process.processIdentifier)/\(name)", encoding: .utf8)
  }

  func send(_ signal: Int32) {
    kill(process.processIdentifier, signal)
  }

  /// Waits for the end.
  func status() -> Int32 {
    while nextLine() != nil {}
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func nextLine() -> String? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[pending.startIndex..<end], as: UTF8.self)
        pending = Data(pending[(end + 1)...])
        lines.append(line)
        return line
      }
      let more = errors.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      pending.append(more)
    }
  }
}
