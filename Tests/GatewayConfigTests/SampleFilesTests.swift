import Foundation
import Testing

@testable import GatewayConfig

/// The files in `config/` work as they are once certificates have been issued.
@Suite struct SampleFilesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    for file in ["core.yaml", "edge.yaml"] {
      try workplace.write(file, String(contentsOf: root.appendingPathComponent("config/\(file)"), encoding: .utf8))
    }
  }

  @Test func coreLoadsWithoutWarnings() throws {
    let checked = try CoreConfiguration.load(file: "core.yaml", overrides: Overrides(), files: workplace.files)
    let core = checked.configuration
    #expect(checked.warnings == [])
    #expect(core.listen == CoreConfiguration.defaultListen)
    #expect(core.policy.routing.services.map(\.name) == ["modules", "echo"])
    #expect(core.policy.routing.defaultService?.name == "modules")
    #expect(core.credentials.leaf.dnsNames == ["localhost"])
    #expect(core.process == .defaults)
  }

  @Test func edgeLoadsWithoutWarnings() throws {
    let checked = try EdgeConfiguration.load(file: "edge.yaml", overrides: Overrides(), files: workplace.files)
    let edge = checked.configuration
    #expect(checked.warnings == [])
    #expect(edge.upstream == [HostPort(host: "localhost", port: 4433)])
    #expect(edge.link == .defaults && edge.preference == .first)
    #expect(edge.listeners.map(\.address.port) == [8081, 8080])
    #expect(edge.credentials.leaf.identity(.dns) == "edge-1")
    #expect(edge.process == .defaults)
  }
}

extension Workplace {
  var files: FileReader { FileReader(folder: path, now: now) }
}
