import Foundation
import Gateway

extension CoreConfiguration {
  /// Reads and checks everything that `quicgw server` is told.
  /// - Parameters:
  ///   - file: a YAML file; nil takes defaults and flags alone.
  ///   - overrides: flags, which win over the file.
  /// - Throws: the first mistake found.
  public static func load(
    file: String?, overrides: Overrides = Overrides()
  ) throws(ConfigurationError) -> Checked<CoreConfiguration> {
    try load(file: file, overrides: overrides, files: FileReader())
  }

  static func load(
    file: String?, overrides: Overrides, files: FileReader
  ) throws(ConfigurationError) -> Checked<CoreConfiguration> {
    let section = try file.map { path throws(ConfigurationError) in try files.document(path) } ?? .empty
    return try read(section, overrides: overrides, files: files)
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
    try load(file: file, overrides: overrides, files: FileReader())
  }

  static func load(
    file: String?, overrides: Overrides, files: FileReader
  ) throws(ConfigurationError) -> Checked<EdgeConfiguration> {
    let section = try file.map { path throws(ConfigurationError) in try files.document(path) } ?? .empty
    return try read(section, overrides: overrides, files: files)
  }
}

/// A configuration file of either end, for `quicgw check FILE`.
public enum CheckedFile: Sendable {
  case core(Checked<CoreConfiguration>)
  case edge(Checked<EdgeConfiguration>)

  /// Reads and checks a file of the end that its keys tell.
  public static func load(_ file: String) throws(ConfigurationError) -> CheckedFile {
    let files = FileReader()
    let section = try files.document(file)
    if isEdge(section) {
      return .edge(try EdgeConfiguration.read(section, overrides: Overrides(), files: files))
    }
    return .core(try CoreConfiguration.read(section, overrides: Overrides(), files: files))
  }

  /// Whether more keys are an edge's than a core's; a misspelt key counts as what it is nearest to.
  private static func isEdge(_ section: Section) -> Bool {
    let core = CoreConfiguration.keys.filter { !EdgeConfiguration.keys.contains($0) }
    let edge = EdgeConfiguration.keys.filter { !CoreConfiguration.keys.contains($0) }
    func count(_ keys: [String]) -> Int { section.entries.count { Suggestion.nearest(to: $0.name, among: keys) != nil } }
    return count(edge) > count(core)
  }
}

extension FileReader {
  fileprivate func document(_ file: String) throws(ConfigurationError) -> Section {
    let bytes = try bytes(of: file, named: Value(flag: "--config", file), ifMissing: "name a configuration file that exists")
    if let zero = bytes.firstIndex(of: 0) {
      let line = bytes[..<zero].count { $0 == UInt8(ascii: "\n") } + 1
      throw ConfigurationError(
        place: "\(file):\(line)", path: "", message: "the file has a NUL byte in it, so it is not text",
        advice: "save it as UTF-8")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(place: file, path: "", message: "the file is not UTF-8 text", advice: "save it as UTF-8")
    }
    return try Document.read(text, file: file)
  }
}
