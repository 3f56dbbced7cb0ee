extension CoreConfiguration {
  /// Reads and checks everything that `quicgw server` is told.
  /// - Parameters:
  ///   - file: a YAML file; nil takes defaults and flags alone.
  ///   - overrides: flags, which win over the file.
  /// - Throws: the first mistake found.
  public static func load(
    file: String?, overrides: Overrides = Overrides()
  ) throws(ConfigurationError) -> Checked<CoreConfiguration> {
    throw ConfigurationError(path: "", message: "configuration files are not read yet", advice: "wait")
  }
}

extension EdgeConfiguration {
  /// Reads and checks everything that `quicgw edge` is told.
  /// - Parameters:
  ///   - file: a YAML file; nil takes defaults and flags alone.
  ///   - overrides: flags, which win over the file.
  /// - Throws: the first mistake found.
  public static func load(
    file: String?, overrides: Overrides = Overrides()
  ) throws(ConfigurationError) -> Checked<EdgeConfiguration> {
    throw ConfigurationError(path: "", message: "configuration files are not read yet", advice: "wait")
  }
}

/// Which end a configuration file is for, told from its keys, for `quicgw check FILE`.
public enum CheckedFile: Sendable {
  case core(Checked<CoreConfiguration>)
  case edge(Checked<EdgeConfiguration>)

  /// Reads and checks a file of either kind: one with `upstream` is an edge's.
  public static func load(_ file: String) throws(ConfigurationError) -> CheckedFile {
    throw ConfigurationError(path: "", message: "configuration files are not read yet", advice: "wait")
  }
}
