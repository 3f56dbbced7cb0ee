import Yams

/// A mapping of a configuration: its values by key, in the order of the file.
struct Section {
  /// The keys with their values; keys are unique.
  let entries: [(key: Value, name: String, value: Value)]

  /// An empty section, as a file with nothing in it.
  static var empty: Section { Section(entries: []) }

  private init(entries: [(key: Value, name: String, value: Value)]) {
    self.entries = entries
  }

  init(_ mapping: Node.Mapping, path: String, file: String) throws(ConfigurationError) {
    var entries: [(key: Value, name: String, value: Value)] = []
    for (keyNode, node) in mapping {
      guard case .scalar(let scalar) = keyNode else {
        throw Value(keyNode, path: path, file: file).error("a key is a list or a mapping", "write key: value")
      }
      let keyPath = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
      entries.append((Value(keyNode, path: keyPath, file: file), scalar.string, Value(node, path: keyPath, file: file)))
    }
    self.entries = entries
  }

  subscript(_ name: String) -> Value? {
    entries.first { $0.name == name }?.value
  }

  /// - Parameter hint: what to advise for a key that is known elsewhere.
  func refuseOthers(than known: [String], hint: (String) -> String?) throws(ConfigurationError) {
    guard let other = entries.first(where: { !known.contains($0.name) }) else { return }
    throw other.key.error("this key is not known", hint(other.name) ?? Suggestion.advice(for: other.name, among: known))
  }
}
