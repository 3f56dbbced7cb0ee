/// What labels of edges look like: keys as names of services do, values with letters of either case.
public enum EdgeLabel {
  public static let maximumCount = 32

  public static func isKey(_ text: String) -> Bool { Service.isName(text) && text.utf8.count <= byteLimit }

  public static func isValue(_ text: String) -> Bool {
    (1...byteLimit).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
      }
  }

  private static let byteLimit = 63
}
