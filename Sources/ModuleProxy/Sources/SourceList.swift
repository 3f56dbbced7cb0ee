/// Where modules come from, in the form and with the rules of `GOPROXY` (https://go.dev/ref/mod#environment-variables): names
/// with `,` or `|` between them.
public struct SourceList: Sendable, Hashable {
  /// One source and what stands behind it.
  public struct Entry: Sendable, Hashable {
    /// A service's.
    public let name: String
    /// The next one is asked after any error (`|`); else only where this one has no such thing, 404 or 410 (`,`).
    public let yieldsToErrors: Bool
  }

  public let entries: [Entry]

  /// - Returns: nil for a list with an empty place, or with a name twice.
  public init?(_ text: String) {
    var entries: [Entry] = []
    var rest = text[...]
    while true {
      let end = rest.firstIndex { $0 == "," || $0 == "|" } ?? rest.endIndex
      let name = rest[..<end].trimmingBlanks
      guard !name.isEmpty, !entries.contains(where: { $0.name == name }) else { return nil }
      entries.append(Entry(name: String(name), yieldsToErrors: end < rest.endIndex && rest[end] == "|"))
      guard end < rest.endIndex else { break }
      rest = rest[rest.index(after: end)...]
    }
    self.entries = entries
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
