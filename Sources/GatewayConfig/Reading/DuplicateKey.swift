import Yams

/// A key that stands twice in one mapping. The library refuses the file before it has made a tree, so that the way to the key is
/// found in a text where such keys have been made different.
enum DuplicateKey {
  /// The mapping that has the key: `access.modules`; empty for the file's top, nil where it cannot be told.
  static func parent(of mark: Mark, in text: String) -> String? {
    var text = text
    var next = mark
    for number in 0..<maximumRenamings {
      guard let renamed = text.inserting("\(number)-", at: next) else { return nil }
      text = renamed
      do {
        return try compose(yaml: text).flatMap { parent(of: mark, in: $0, path: "") }
      } catch YamlError.duplicatedKeysInMapping(_, let context) {
        next = context.mark
      } catch {
        return nil
      }
    }
    return nil
  }

  private static func parent(of mark: Mark, in node: Node, path: String) -> String? {
    switch node {
    case .mapping(let mapping):
      for (key, value) in mapping {
        if let place = key.mark, place.line == mark.line, place.column == mark.column { return path }
        let name = key.scalar?.string ?? ""
        if let found = parent(of: mark, in: value, path: path.isEmpty ? name : "\(path).\(name)") { return found }
      }
    case .sequence(let sequence):
      for (index, value) in sequence.enumerated() {
        if let found = parent(of: mark, in: value, path: "\(path)[\(index)]") { return found }
      }
    case .scalar, .alias: break
    }
    return nil
  }

  private static let maximumRenamings = 16
}

extension String {
  /// The text with something put before what stands at the mark, inside its quotes if it has some.
  fileprivate func inserting(_ addition: String, at mark: Mark) -> String? {
    var lines = split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.indices.contains(mark.line - 1) else { return nil }
    var line = Array(lines[mark.line - 1].unicodeScalars)
    var column = mark.column - 1
    guard line.indices.contains(column) else { return nil }
    if line[column] == "\"" || line[column] == "'" { column += 1 }
    line.insert(contentsOf: Array(addition.unicodeScalars), at: column)
    var view = UnicodeScalarView()
    view.append(contentsOf: line)
    lines[mark.line - 1] = String(view)
    return lines.joined(separator: "\n")
  }
}
