import ArgumentParser
import GatewayConfig

/// `quicgw server`: the core, in the private cloud.
struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Runs the core: edges link to it, services stand behind it.",
    discussion: """
      Without flags it listens on UDP port 4433 and takes core.pem, core.key and ca.pem from certs/ or /etc/quicgw.
      Without a service every request gets 404.
      SIGHUP, or a changed file, reloads certificates, services and access rules. SIGTERM and SIGINT finish what is open \
      and end; a second one ends at once.
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("UDP address (default: [::]:4433, IPv4 and IPv6).", valueName: "host:port"))
  var listen: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      """
      A service and where it is: http://, h2c://, https:// or tcp://. May be repeated; the same name again adds an origin \
      to it.
      """,
      valueName: "name=url"))
  var service: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      """
      A port for any TCP, on 127.0.0.1 unless a host is given, and what is behind it on which edge: 2222=ssh@shop-17. May \
      be repeated, in place of all listeners of the file.
      """,
      valueName: "[host:]port=service@edge"))
  var tcp: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      """
      What clients of the edges' proxies may be connected to: db.internal:5432, "*.internal:443". May be repeated, in place \
      of the file's.
      """,
      valueName: "host:port"))
  var connect: [String] = []

  func run() async throws {
    let (options, listen, service, tcp, connect) = (options, listen, service, tcp, connect)
    if options.keylog { try KeyLog.prepare() }
    try await ProcessLifecycle<CoreEnd>.run(configurationFile: options.config) {
      var overrides = options.overrides
      overrides.listen = listen.map { [$0] } ?? []
      overrides.services = service
      overrides.tcp = tcp
      overrides.connect = connect
      var checked = try CoreConfiguration.load(file: options.config, overrides: overrides)
      options.apply(to: &checked.configuration.process)
      return checked
    }
  }
}
