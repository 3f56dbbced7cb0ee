import Yams

/// A configuration file as YAML.
enum Document {
  /// - Returns: the top section, which has at least one key: of a file that was cut off nothing must be taken for a wish to have
  ///   nothing.
  static func read(_ text: String, file: String) throws(ConfigurationError) -> Section {
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch let problem as YamlError {
      throw error(problem, text: text, file: file)
    } catch {
      throw ConfigurationError(place: file, path: "", message: "it cannot be read as YAML (\(error))", advice: "correct the file")
    }
    guard let root, root.tag != Tag(.null), root.mapping?.isEmpty != true else {
      throw ConfigurationError(
        place: file, path: "", message: "the file is empty, it sets no key",
        advice: "write into it what the samples in config/ show, or start without --config")
    }
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
      let parent = DuplicateKey.parent(of: context.mark, in: text) ?? ""
      return ConfigurationError(
        place: "\(file):\(context.mark.line)",
        path: keys.sorted().map { parent.isEmpty ? $0 : "\(parent).\($0)" }.joined(separator: ", "),
        message: "the key stands twice in one mapping", advice: "keep one of them")
    default:
      return ConfigurationError(
        place: file, path: "", message: "it cannot be read as YAML (\(problem))", advice: "correct the file")
    }
  }
}
