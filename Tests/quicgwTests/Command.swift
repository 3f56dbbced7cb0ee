import Foundation
import Testing

/// The built program, run as a user runs it.
struct Command {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `quicgw` to its end.
  /// - Parameter folder: the working directory.
  static func quicgw(_ arguments: String..., in folder: String? = nil) throws -> Command {
    try run(program(), arguments, in: folder)
  }

  /// Lines on standard error.
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

  /// - Parameter environment: variables beside those of this process.
  static func run(
    _ program: URL, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> Command {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = program
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let outputText = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Command(status: process.terminationStatus, output: outputText, errors: errorText)
  }

  /// The program beside the test bundle that is running.
  static func program() throws -> URL {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") || $0.contains(".xctest/") }
    let folder = bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let candidates = [folder, root.appendingPathComponent(".build/debug")].compactMap { $0?.appendingPathComponent("quicgw") }
    return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }, "quicgw is not built")
  }
}

/// A folder of one test, removed when the test is over.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "quicgw-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }

  func mode(_ name: String) throws -> Int {
    let facts = try FileManager.default.attributesOfItem(atPath: file(name))
    return try #require(facts[.posixPermissions] as? Int)
  }
}
