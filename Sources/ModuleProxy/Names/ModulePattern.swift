/// Which modules are meant, as `GOPRIVATE` writes it: a pattern of path elements, with `*` and `?` inside an element, that takes
/// every module whose path begins with elements that match (`golang.org/x/mod/module.MatchPrefixPatterns`).
public struct ModulePattern: Sendable, Hashable {
  public let text: String
  private let elements: [[UInt8]]

  /// - Returns: nil for an empty pattern, and for one with empty elements or brackets, which this form does not have.
  public init?(_ text: String) {
    let elements = text.split(separator: "/", omittingEmptySubsequences: false).map { Array($0.utf8) }
    guard elements.allSatisfy({ !$0.isEmpty && !$0.contains { byte in "[]\\ ,".utf8.contains(byte) } }) else { return nil }
    self.text = text
    self.elements = elements
  }

  public func takes(_ module: ModulePath) -> Bool {
    let path = module.text.utf8.split(separator: UInt8(ascii: "/"))
    return path.count >= elements.count && zip(elements, path).allSatisfy { Self.matches($0[...], Array($1)[...]) }
  }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    // The last star is the only one that ever has to give back what it took.
    var (pattern, text) = (pattern, text)
    var star: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
    while let byte = text.first {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        star = (pattern, text)
      } else if let wanted = pattern.first, wanted == byte || wanted == UInt8(ascii: "?") {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if let last = star {
        star = (last.pattern, last.text.dropFirst())
        (pattern, text) = (last.pattern, last.text.dropFirst())
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
