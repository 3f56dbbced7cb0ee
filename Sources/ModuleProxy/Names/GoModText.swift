/// A `go.mod` file, as far as it says whose it is (https://go.dev/ref/mod#go-mod-file-grammar).
struct GoModText {
  /// What its `module` directive names: not always the path that it was asked for by, as forks keep the name of their origin.
  let module: String

  /// - Returns: nil if no file of this kind begins like this, or it does not name a module.
  init?(_ bytes: some Sequence<UInt8>) {
    guard let text = String(validating: Array(bytes), as: UTF8.self) else { return nil }
    var isInBlock = false
    var isFirst = true
    for line in text.split(whereSeparator: \.isNewline) {
      let words = Self.words(line)
      guard let word = words.first else { continue }
      if isInBlock, let module = Self.path(words) {
        self.module = module
        return
      }
      // Every directive is a word in small letters; a page that happens to hold the right word begins otherwise.
      guard !isFirst || word.utf8.allSatisfy({ (0x61...0x7a).contains($0) }) else { return nil }
      isFirst = false
      guard word == "module" else { continue }
      if words.dropFirst().elementsEqual(["("]) {
        isInBlock = true
      } else if let module = Self.path(words.dropFirst()) {
        self.module = module
        return
      } else {
        return nil
      }
    }
    return nil
  }

  private static func words(_ line: Substring) -> [Substring] {
    let text = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
    return text.split { $0 == " " || $0 == "\t" }
  }

  /// One path, bare or in quotes.
  private static func path(_ words: some Collection<Substring>) -> String? {
    guard words.count == 1, var path = words.first else { return nil }
    if let quote = path.first, quote == "\"" || quote == "`" {
      guard path.count > 2, path.last == quote else { return nil }
      path = path.dropFirst().dropLast()
    }
    let isPath = path.utf8.allSatisfy { BangEscape.isLetterOrDigit($0) || "-._~/+!".utf8.contains($0) }
    return isPath ? String(path) : nil
  }
}
