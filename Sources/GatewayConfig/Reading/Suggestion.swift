/// What to advise when a name is not known: the nearest one that is, or all of them.
enum Suggestion {
  static func advice(for name: String, among known: [String]) -> String {
    if let nearest = nearest(to: name, among: known) { return "did you mean “\(nearest)”?" }
    return known.isEmpty ? "remove it" : "known here: \(known.sorted().joined(separator: ", "))"
  }

  /// The known name with the fewest edits, if those are few for its length.
  static func nearest(to name: String, among known: [String]) -> String? {
    let ranked = known.map { (name: $0, edits: edits(from: normalized(name), to: normalized($0))) }.min { $0.edits < $1.edits }
    guard let ranked, ranked.edits <= max(1, min(3, ranked.name.utf8.count / 3)) else { return nil }
    return ranked.name
  }

  /// `maxStreams`, `max-streams` and `Max_Streams` are all written for `max_streams`.
  private static func normalized(_ name: String) -> [UInt8] {
    name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
  }

  /// Levenshtein distance: insertions, deletions and substitutions.
  private static func edits(from source: [UInt8], to target: [UInt8]) -> Int {
    var row = Array(0...target.count)
    for (index, byte) in source.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in target.enumerated() {
        let substituted = diagonal + (byte == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
      }
    }
    return row[target.count]
  }
}
