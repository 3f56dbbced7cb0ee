import ArgumentParser
import GatewayConfig
import Observability

/// The flags that `quicgw server` and `quicgw edge` share. Each wins over the same value of the file.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A YAML file with everything; config/ has commented ones.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("Certificate chain, PEM, the leaf first.", valueName: "file"))
  var cert: String?

  @Option(help: ArgumentHelp("Its private key, PEM.", valueName: "file"))
  var key: String?

  @Option(help: ArgumentHelp("The authorities that certify the other end, PEM.", valueName: "file"))
  var ca: String?

  @Option(help: ArgumentHelp("Where /livez, /readyz and /metrics are answered (default: nowhere).", valueName: "host:port"))
  var admin: String?

  @Option(help: ArgumentHelp("The lowest level of log lines (default: info).", valueName: "level"))
  var logLevel: LogLevelFlag?

  @Option(help: ArgumentHelp("The form of log lines (default: text).", valueName: "format"))
  var logFormat: LogFormatFlag?

  @Option(help: ArgumentHelp("Writes a qlog trace of each QUIC connection into a folder (default: none).", valueName: "folder"))
  var qlog: String?

  @Flag(help: "Writes the keys of all QUIC connections, with which anybody can decrypt them, into the file $SSLKEYLOGFILE.")
  var keylog = false

  /// What the flags say, for the modules that read configurations.
  var overrides: Overrides {
    var overrides = Overrides()
    overrides.certificate = cert
    overrides.key = key
    overrides.ca = ca
    overrides.admin = admin
    overrides.qlog = qlog
    return overrides
  }

  /// What only flags say, and the log's flags over the log's settings of the file.
  func apply(to settings: inout ProcessSettings) {
    if let logLevel { settings.log.level = logLevel.level }
    if let logFormat { settings.log.format = logFormat.format }
    settings.logsKeys = keylog
  }
}

/// `--log-level`.
struct LogLevelFlag: ExpressibleByArgument {
  let level: GatewayConfig.LogSettings.Level

  init?(argument: String) {
    guard let level = GatewayConfig.LogSettings.Level(rawValue: argument) else { return nil }
    self.level = level
  }

  static var allValueStrings: [String] { GatewayConfig.LogSettings.Level.allCases.map(\.rawValue) }
}

/// `--log-format`.
struct LogFormatFlag: ExpressibleByArgument {
  let format: GatewayConfig.LogSettings.Format

  init?(argument: String) {
    guard let format = GatewayConfig.LogSettings.Format(rawValue: argument) else { return nil }
    self.format = format
  }

  static var allValueStrings: [String] { GatewayConfig.LogSettings.Format.allCases.map(\.rawValue) }
}
