import ArgumentParser
import GatewayConfig

/// `quicgw edge`: on a node, for its applications.
struct EdgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edge",
    abstract: "Runs an edge: applications connect to it, it links to the core.",
    discussion: """
      With --upstream alone it listens on 127.0.0.1:8080 for HTTP/1.1 and HTTP/2 without TLS, and takes edge.pem, edge.key \
      and ca.pem from certs/ or /etc/quicgw.
      SIGHUP, or a changed file, reloads certificates and routes. SIGTERM and SIGINT finish what is open and end; a second \
      one ends at once.
      """)

  @OptionGroup var options: RunOptions

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "The core, for example core.example.com:4433. May be repeated, or be a list with commas.", valueName: "host:port"))
  var upstream: [String] = []

  @Option(help: ArgumentHelp("The name in the core's certificate (default: the host of --upstream).", valueName: "name"))
  var serverName: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      """
      A TCP address for HTTP/1.1 and HTTP/2 (default: 127.0.0.1:8080, where no listener is given). May be repeated, as \
      --tcp and --proxy; they stand together in place of all listeners of the file.
      """,
      valueName: "host:port"))
  var listen: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A port for any TCP, on 127.0.0.1 unless a host is given, and the core's tcp:// service behind it: 5432=postgres.",
      valueName: "[host:]port=service"))
  var tcp: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A port, on 127.0.0.1 unless a host is given, that is an HTTP proxy for CONNECT: https_proxy=http://127.0.0.1:3128.",
      valueName: "[host:]port"))
  var proxy: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A service that the core may call, and where it is: http://, h2c://, https://, tcp:// or unix:/path. May be repeated.",
      valueName: "name=url"))
  var expose: [String] = []

  func run() async throws {
    let (options, upstream, serverName, expose) = (options, upstream, serverName, expose)
    let (listen, tcp, proxy) = (listen, tcp, proxy)
    if options.keylog { try KeyLog.prepare() }
    try await ProcessLifecycle<EdgeEnd>.run(configurationFile: options.config) {
      var overrides = options.overrides
      overrides.upstream = upstream
      overrides.serverName = serverName
      overrides.listen = listen
      overrides.tcp = tcp
      overrides.proxy = proxy
      overrides.expose = expose
      var checked = try EdgeConfiguration.load(file: options.config, overrides: overrides)
      options.apply(to: &checked.configuration.process)
      return checked
    }
  }
}
