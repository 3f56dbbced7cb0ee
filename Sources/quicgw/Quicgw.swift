import ArgumentParser
import Foundation
import GatewayConfig

/// The command line: `quicgw server`, `quicgw edge`, `quicgw check`, `quicgw certs`, and what shows and tests them.
@main
struct Quicgw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quicgw",
    abstract: "Carries HTTP, gRPC and Go modules between edge nodes and a private cloud over QUIC, mutually authenticated.",
    version: "quicgw \(Version.current)",
    subcommands: [
      ServerCommand.self, EdgeCommand.self, CheckCommand.self, CertsCommand.self, CacheCommand.self, DemoCommand.self,
      OriginCommand.self,
    ])

  static func main() async {
    do {
      let command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        var command = command
        try command.run()
      }
    } catch {
      finish(after: error)
    }
  }

  /// Leaves with the documented status: 0 for help and version, 2 for what the user can put right in the command line or the
  /// configuration, 1 for everything else. The reason is one sentence on standard error.
  private static func finish(after error: any Error) -> Never {
    if let error = error as? CommandError {
      StandardError.write("quicgw: \(error.message)")
      Foundation.exit(error.status)
    }
    if let error = error as? ConfigurationError {
      StandardError.write("quicgw: \(error)")
      Foundation.exit(CommandError.configurationStatus)
    }
    switch exitCode(for: error) {
    case .success:
      exit(withError: error)
    case .validationFailure:
      StandardError.write("quicgw: \(sentence(for: error)); see \(helpCommand(for: error))")
      Foundation.exit(CommandError.configurationStatus)
    case let code:
      if !(error is ExitCode) { StandardError.write("quicgw: \(message(for: error))") }
      Foundation.exit(code.rawValue)
    }
  }

  /// The parser's message without the lines of its list of possible values.
  private static func sentence(for error: any Error) -> String {
    let parts = message(for: error).components(separatedBy: "\n  - ")
    let beginning = parts[0].replacingOccurrences(of: "\n", with: " ")
    return parts.count == 1 ? beginning : "\(beginning) \(parts.dropFirst().joined(separator: ", "))"
  }

  /// The subcommand's own help when the arguments got as far as naming one.
  private static func helpCommand(for error: any Error) -> String {
    let usage = fullMessage(for: error).split(separator: "\n").first { $0.hasPrefix("Usage:") }
    let words = usage?.dropFirst("Usage:".count).split(separator: " ").prefix { $0.allSatisfy(\.isLetter) } ?? []
    return (words.isEmpty ? ["quicgw"] : words.map(String.init)).joined(separator: " ") + " --help"
  }
}
