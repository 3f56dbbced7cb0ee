import ArgumentParser

/// A link between two network namespaces that is as good or as bad as asked: two TUN devices, and the model of a link between
/// them.
@main
struct QuicgwLink: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quicgw-link",
    abstract: "Carries packets between two TUN devices with delay, loss and limits that can be changed while it runs.")

  @Option(help: "Name of the TUN device to make at the edge's side.") var edgeSide: String
  @Option(help: "Name of the TUN device to make at the core's side.") var coreSide: String
  @Option(help: "Path of the Unix socket to listen on for commands.") var control: String
  @Option(help: "Seed of everything that happens by chance.") var seed: UInt64 = 1

  func run() throws {
    do throws(SystemError) {
      let edge = try TunDevice(name: edgeSide)
      let core = try TunDevice(name: coreSide)
      var loop = try LinkLoop(edge: edge, core: core, control: ControlSocket(path: control), seed: seed)
      do { try Urgency.raise() } catch { StandardStreams.warn("quicgw-link: \(error)") }
      StandardStreams.say("ready")
      try loop.run()
    } catch {
      StandardStreams.warn("quicgw-link: \(error)")
      throw ExitCode.failure
    }
  }
}
