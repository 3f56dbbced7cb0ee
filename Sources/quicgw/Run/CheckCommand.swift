import ArgumentParser
import GatewayConfig

/// `quicgw check`: reads a configuration as the server or the edge would, and says what it found.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Validates a configuration file, and the certificates that it names, without starting.")

  @Argument(help: "The YAML file of a core or of an edge.")
  var file: String

  func run() throws {
    switch try CheckedFile.load(file) {
    case .core(let checked):
      let core = checked.configuration
      let names = core.policy.routing.services.map(\.name)
      print(checked.warnings)
      let listeners = core.listeners.map { "\($0.address)" }.joined(separator: ", ")
      StandardOutput.write(
        "\(file): a core, listens on \(core.listen), serves \(names.isEmpty ? "nothing" : names.joined(separator: ", "))"
          + (core.listeners.isEmpty ? "" : ", calls edges for clients on \(listeners)"))
    case .edge(let checked):
      let edge = checked.configuration
      print(checked.warnings)
      StandardOutput.write(
        "\(file): an edge, listens on \(edge.listeners.map { "\($0.address)" }.joined(separator: ", ")), "
          + "links to \(edge.upstream.map { "\($0)" }.joined(separator: ", "))"
          + (edge.exposed.routing.services.isEmpty
            ? "" : ", exposes \(edge.exposed.routing.services.map(\.name).joined(separator: ", "))")
          + (edge.credentials.leaf.identity(.dns).map { ", is \($0)" } ?? ""))
    }
  }

  private func print(_ warnings: [ConfigurationWarning]) {
    for warning in warnings { StandardError.write("quicgw: warning: \(warning)") }
  }
}
