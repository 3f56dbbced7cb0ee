/// Which modules are meant, as `GOPRIVATE` writes it: a pattern of path elements, with `*`, `?` and `[a-z]` inside an element, that
/// takes every module whose path begins with elements that match (`golang.org/x/mod/module.MatchPrefixPatterns`).
public struct ModulePattern: Sendable, Hashable {
  /// What stands for bytes of an element (Go's `path.Match`).
  private enum Part: Sendable, Hashable {
    case byte(UInt8)
    /// `?`
    case anyByte
    /// `[a-z]`, `[^a-z]`
    case oneOf([ClosedRange<UInt8>], isNegated: Bool)
    /// `*`
    case anyBytes

    /// Whether it stands for this one byte.
    func takes(_ byte: UInt8) -> Bool {
      switch self {
      case .byte(let wanted): byte == wanted
      case .anyByte: true
      case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
      case .anyBytes: false
      }
    }
  }

  public let text: String
  private let elements: [[Part]]

  /// - Returns: nil for an empty pattern, and for one with empty elements, blanks, commas, or brackets that cannot be read.
  public init?(_ text: String) {
    var elements: [[Part]] = []
    let pattern = text.hasSuffix("/") ? text.dropLast() : text[...]
    for element in pattern.split(separator: "/", omittingEmptySubsequences: false) {
      guard let parts = Self.parts(of: Array(element.utf8)[...]) else { return nil }
      elements.append(parts)
    }
    self.text = text
    self.elements = elements
  }

  public func takes(_ module: ModulePath) -> Bool {
    let path = module.text.utf8.split(separator: UInt8(ascii: "/"))
    return path.count >= elements.count && zip(elements, path).allSatisfy { Self.matches($0[...], Array($1)[...]) }
  }

  private static func parts(of element: ArraySlice<UInt8>) -> [Part]? {
    var (parts, rest): ([Part], ArraySlice<UInt8>) = ([], element)
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: ","): return nil
      case UInt8(ascii: "*"): parts.append(.anyBytes)
      case UInt8(ascii: "?"): parts.append(.anyByte)
      case UInt8(ascii: "["):
        guard let part = set(&rest) else { return nil }
        parts.append(part)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        parts.append(.byte(escaped))
      default: parts.append(.byte(byte))
      }
    }
    return parts.isEmpty ? nil : parts
  }

  /// What stands behind `[`, up to and with `]`.
  private static func set(_ rest: inout ArraySlice<UInt8>) -> Part? {
    let isNegated = rest.first == UInt8(ascii: "^")
    if isNegated { rest = rest.dropFirst() }
    var ranges: [ClosedRange<UInt8>] = []
    while rest.first != UInt8(ascii: "]") || ranges.isEmpty {
      guard let low = member(&rest) else { return nil }
      var high = low
      if rest.first == UInt8(ascii: "-") {
        rest = rest.dropFirst()
        guard let end = member(&rest), end >= low else { return nil }
        high = end
      }
      ranges.append(low...high)
    }
    rest = rest.dropFirst()
    return .oneOf(ranges, isNegated: isNegated)
  }

  private static func member(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let byte = rest.popFirst(), byte != UInt8(ascii: "-"), byte != UInt8(ascii: "]") else { return nil }
    return byte == UInt8(ascii: "\\") ? rest.popFirst() : byte
  }

  private static func matches(_ pattern: ArraySlice<Part>, _ text: ArraySlice<UInt8>) -> Bool {
    // The last star is the only one that ever has to give back what it took.
    var (pattern, text) = (pattern, text)
    var star: (pattern: ArraySlice<Part>, text: ArraySlice<UInt8>)?
    while let byte = text.first {
      if pattern.first == .anyBytes {
        pattern = pattern.dropFirst()
        star = (pattern, text)
      } else if pattern.first?.takes(byte) == true {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if let last = star {
        star = (last.pattern, last.text.dropFirst())
        (pattern, text) = (last.pattern, last.text.dropFirst())
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == .anyBytes }
  }
}
