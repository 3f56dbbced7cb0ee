import ArgumentParser
import Exchange
import GatewayConfig
import NIOCore
import Network
import UnixSignals

/// `quicgw origin`: the demo's origins, to be put behind a core of one's own.
struct OriginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "origin",
    abstract: "Runs an origin of the demo: a Go module proxy, or an echo for gRPC and HTTP.",
    shouldDisplay: false)

  /// Which origin.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case modules
    case grpcEcho = "grpc-echo"
  }

  @Argument(help: "modules or grpc-echo")
  var kind: Kind

  @Option(help: ArgumentHelp("TCP address; port 0 takes a free one.", valueName: "host:port"))
  var listen = "127.0.0.1:0"

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    guard let address = HostPort(listen), let socketAddress = try? SocketAddress(ipAddress: address.host, port: Int(address.port))
    else {
      throw CommandError.configuration("--listen \(listen) is not an address and a port; write for example 127.0.0.1:8000")
    }
    let server: HandlerServer
    do {
      server = try await start(on: socketAddress)
    } catch {
      throw CommandError.failure("\(error)")
    }
    StandardOutput.write("\(kind.rawValue) listens on \(server.localAddress.ipAddress ?? "?"):\(server.localAddress.port ?? 0)")
    for await _ in signals { break }
    try await server.stop()
  }

  private func start(on address: SocketAddress) async throws -> HandlerServer {
    switch kind {
    case .modules: try await Self.startModules(GoModule.generated(), on: address)
    case .grpcEcho: try await Self.startEcho(on: address)
    }
  }
}

extension OriginCommand {
  /// Starts a module proxy in this process.
  static func startModules(_ modules: [GoModule], on address: SocketAddress) async throws -> HandlerServer {
    let catalogue = ModuleOrigin.Catalogue(modules)
    return try await HandlerServer.start(on: address, name: "modules") {
      ModuleOrigin(turn: LoopTurn(eventLoop: $0), catalogue: catalogue)
    }
  }

  /// Starts an echo in this process.
  static func startEcho(on address: SocketAddress) async throws -> HandlerServer {
    try await HandlerServer.start(on: address, name: "echo") { EchoOrigin(turn: LoopTurn(eventLoop: $0)) }
  }
}
