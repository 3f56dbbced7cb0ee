/// A prefix of whole path segments: `/modules` takes `/modules`, `/modules/x` and `/modules?x`, not `/modulesque`.
struct PathPrefix: Sendable, Equatable {
  /// Without a slash at the end; empty takes every path.
  let bytes: [UInt8]

  init(_ text: String) {
    bytes = Array(Array(text.utf8)[...].trimmingTrailing(UInt8(ascii: "/")))
  }

  func takes(_ path: ArraySlice<UInt8>) -> Bool {
    guard path.starts(with: bytes) else { return false }
    guard !bytes.isEmpty, let next = path.dropFirst(bytes.count).first else { return true }
    return next == UInt8(ascii: "/") || next == UInt8(ascii: "?")
  }

  /// True if a segment of the path, before the query, is `.` or `..`, also percent-encoded. Such a path means one thing to a
  /// router and another to an origin that resolves it, so no rule about prefixes can hold for it.
  static func hasDotSegment(_ path: ArraySlice<UInt8>) -> Bool {
    var segmentStart = path.startIndex
    for position in path.indices {
      switch path[position] {
      case UInt8(ascii: "/"), UInt8(ascii: "\\"):
        if isDotSegment(path[segmentStart..<position]) { return true }
        segmentStart = position + 1
      case UInt8(ascii: "?"): return isDotSegment(path[segmentStart..<position])
      default: continue
      }
    }
    return isDotSegment(path[segmentStart...])
  }

  private static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
    // `.` and `..` with each dot as one byte or as `%2e`: at most six bytes.
    guard (1...6).contains(segment.count) else { return false }
    var rest = segment
    var dots = 0
    while let first = rest.first {
      if first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
      } else if rest.count >= 3, first == UInt8(ascii: "%"), rest[rest.startIndex + 1] == UInt8(ascii: "2"),
        rest[rest.startIndex + 2] | 0x20 == UInt8(ascii: "e")
      {
        rest = rest.dropFirst(3)
      } else {
        return false
      }
      dots += 1
    }
    return dots <= 2
  }
}
