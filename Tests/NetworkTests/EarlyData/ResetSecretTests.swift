import Events
import Foundation
@testable import Network
import Testing

@Suite struct `The secret under reset tokens` {
  private let folder = NSTemporaryDirectory() + "quicgw-secret-\(UInt64.random(in: 0 ... .max))"
  private let other = [UInt8](repeating: 1, count: 32)

  @Test func `is made once, and is for its owner's eyes`() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var events: [Event] = []
    let path = "\(folder)/core.secret"
    let secret = ResetSecret.load(path, otherwise: other) { events.append($0) }
    #expect(secret.count == 32 && secret != other)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    // Whatever else the process is given, as a renewed private key.
    #expect(ResetSecret.load(path, otherwise: [2]) { events.append($0) } == secret)
    #expect(events.isEmpty)
  }

  @Test func `is another one where its file cannot be used, and the log says so`() throws {
    var events: [Event] = []
    #expect(ResetSecret.load("\(folder)/none/core.secret", otherwise: other) { events.append($0) } == other)
    #expect(events.count == 1)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/core.secret"
    for count in [0, 31, 33] {
      try Data(count: count).write(to: URL(fileURLWithPath: path))
      #expect(ResetSecret.load(path, otherwise: other) { events.append($0) } == other)
    }
    #expect(events.count == 4)
  }
}
