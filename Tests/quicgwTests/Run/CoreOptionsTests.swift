import Foundation
import GatewayConfig
import Network
import Testing

@testable import quicgw

@Suite("What a core makes of its configuration")
struct CoreOptionsTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for arguments in [["init", "certs"], ["issue", "certs", "--core", "localhost"]] {
      try #require(try Command.run(Command.program(), ["certs"] + arguments, in: scratch.path).status == 0)
    }
  }

  @Test("A reload ends no tickets for limits that no connection is given")
  func reloadKeepsLimits() throws {
    let running = try CoreOptions(configuration(streams: 100))
    let changed = try configuration(streams: 50)
    #expect(try CoreOptions(changed, running: running).tls.ticketKey == running.tls.ticketKey)
    // As a process that is started with them does.
    #expect(try CoreOptions(changed).tls.ticketKey != running.tls.ticketKey)
  }

  @Test("Cores of one host with one private key have keys of their own")
  func oneHost() throws {
    let (first, second) = (try CoreOptions(configuration(port: 4433)), try CoreOptions(configuration(port: 4434)))
    #expect(first.stableName != second.stableName)
    #expect(first.tls.ticketKey != second.tls.ticketKey)
    #expect(first.earlyData?.recordFile != second.earlyData?.recordFile)
    #expect(first.secretFile != nil && first.secretFile != second.secretFile)
    // A name given is one for wherever it listens.
    #expect(try CoreOptions(configuration(name: "core-0", port: 4433)).stableName == "core-0")
  }

  private func configuration(name: String? = nil, port: Int = 4433, streams: Int = 100) throws -> CoreConfiguration {
    let file = scratch.file("core-\(port)-\(streams).yaml")
    let text = """
      listen: "127.0.0.1:\(port)"
      certificate: \(scratch.file("certs/core.pem"))
      key: \(scratch.file("certs/core.key"))
      ca: \(scratch.file("certs/ca.pem"))
      early_data: {record: "\(scratch.path)"}
      transport: {max_streams: \(streams)}
      \(name.map { "name: \($0)" } ?? "")
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return try CoreConfiguration.load(file: file).configuration
  }
}
