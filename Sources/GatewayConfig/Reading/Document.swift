import Yams

/// A configuration file as YAML.
enum Document {
  /// - Returns: the top section; an empty file has an empty one.
  static func read(_ text: String, file: String) throws(ConfigurationError) -> Section {
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch let problem as YamlError {
      throw error(problem, text: text, file: file)
    } catch {
      throw ConfigurationError(place: file, path: "", message: "it cannot be read as YAML (\(error))", advice: "correct the file")
    }
    guard let root, root.tag != Tag(.null) else { return .empty }
    return try Value(root, path: "", file: file).mapping()
  }

  private static func error(_ problem: YamlError, text: String, file: String) -> ConfigurationError {
    switch problem {
    case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      // The library often notices only on the next line.
      let suspects = lines[max(0, min(lines.count, mark.line) - 2)..<min(lines.count, mark.line)]
      let advice =
        suspects.contains { $0.contains("[") }
        ? "put addresses with brackets in quotes, as in \"[::]:4433\"" : "check indentation and quotes there"
      return ConfigurationError(place: "\(file):\(mark.line)", path: "", message: "this is not YAML (\(what))", advice: advice)
    case .duplicatedKeysInMapping(let keys, let context):
      return ConfigurationError(
        place: "\(file):\(context.mark.line)", path: keys.sorted().joined(separator: ", "),
        message: "the key stands twice in one mapping", advice: "keep one of them")
    default:
      return ConfigurationError(
        place: file, path: "", message: "it cannot be read as YAML (\(problem))", advice: "correct the file")
    }
  }
}
