import Foundation

/// The package's sources as text, read once.
struct SourceTree {
  struct File {
    /// From the package's root: `Sources/Gateway/Access/AccessRules.swift`.
    let path: String
    let lines: [String]
    /// The lines with comments and the insides of string literals left out.
    let code: [String]

    var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }
    /// The module under `Sources`.
    var module: String { String(path.split(separator: "/")[1]) }
    var isInBridge: Bool { path.contains("/Bridge/") }

    /// The lines of code with what stands in them, as `path:line: text`.
    func places(matching isMatch: (String) -> Bool) -> [String] {
      zip(1..., code).filter { isMatch($1) }.map { "\(path):\($0): \($1.trimmingCharacters(in: .whitespaces))" }
    }
  }

  /// Swift files under `Sources`.
  let sources: [File]
  /// Swift files under `Tests`.
  let tests: [File]

  static let package = SourceTree()

  private init() {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    sources = Self.files(under: "Sources", root)
    tests = Self.files(under: "Tests", root)
  }

  /// Files of all kinds in each folder under `Sources` and `Tests`.
  static func fileCounts() -> [String: Int] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let paths = ["Sources", "Tests"].flatMap { top in
      (FileManager.default.enumerator(atPath: root.appendingPathComponent(top).path)?.compactMap { $0 as? String } ?? [])
        .filter { !isFolder(root.appendingPathComponent("\(top)/\($0)")) }.map { "\(top)/\($0)" }
    }
    return Dictionary(grouping: paths) { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }.mapValues(\.count)
  }

  private static func files(under top: String, _ root: URL) -> [File] {
    let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(top).path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
      let path = "\(top)/\(name)"
      guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else { return nil }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      return File(path: path, lines: lines, code: CodeFilter.code(of: lines))
    }
  }

  private static func isFolder(_ url: URL) -> Bool {
    (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
  }
}

/// Leaves out of source lines what is not code: comments and the insides of string literals.
enum CodeFilter {
  static func code(of lines: [String]) -> [String] {
    var isInBlockComment = false
    var isInLongLiteral = false
    return lines.map { line in
      var code = ""
      var rest = line[...]
      while !rest.isEmpty {
        if isInBlockComment {
          guard let end = rest.range(of: "*/") else { break }
          rest = rest[end.upperBound...]
          isInBlockComment = false
        } else if isInLongLiteral {
          guard let end = rest.range(of: "\"\"\"") else { break }
          rest = rest[end.upperBound...]
          isInLongLiteral = false
        } else if rest.hasPrefix("//") {
          break
        } else if rest.hasPrefix("/*") {
          isInBlockComment = true
          rest = rest.dropFirst(2)
        } else if rest.hasPrefix("\"\"\"") {
          isInLongLiteral = true
          rest = rest.dropFirst(3)
        } else if rest.hasPrefix("\"") {
          code += "\"\""
          rest = afterLiteral(rest.dropFirst())
        } else {
          code.append(rest.removeFirst())
        }
      }
      return code
    }
  }

  private static func afterLiteral(_ text: Substring) -> Substring {
    var rest = text
    while let character = rest.popFirst() {
      if character == "\\" { _ = rest.popFirst() }
      if character == "\"" { break }
    }
    return rest
  }
}
