extension Duration {
  /// Reads `500ms`, `10s`, `5m` or `1h`: a whole number and a unit, which is never left out. Nil for anything else.
  init?(configured text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.utf8.count <= 9, let number = Int64(digits) else { return nil }
    switch text[digits.endIndex...] {
    case "ms": self = .milliseconds(number)
    case "s": self = .seconds(number)
    case "m": self = .seconds(number * 60)
    case "h": self = .seconds(number * 3600)
    default: return nil
    }
  }

  /// Whether a text is a number with a unit, and the number is more than is read.
  static func isTooLong(_ text: String) -> Bool {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    return digits.utf8.count > 9 && ["ms", "s", "m", "h"].contains(text[digits.endIndex...])
  }

  /// As it would be written in a configuration.
  var configuredText: String {
    let (seconds, attoseconds) = components
    if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
    if seconds >= 3600, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
    return "\(seconds)s"
  }
}
