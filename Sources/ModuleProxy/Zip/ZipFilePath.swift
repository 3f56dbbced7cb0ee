/// The name of a file in a module, below the folder of the module (`golang.org/x/mod/module.CheckFilePath`).
struct ZipFilePath {
  let text: String

  /// - Returns: nil for a name that would lead out of its folder, or that not every file system can hold.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let elements = text.split(separator: "/", omittingEmptySubsequences: false)
    guard elements.allSatisfy(Self.isElement) else { return nil }
    self.text = text
  }

  private static func isElement(_ element: Substring) -> Bool {
    // A dot at the end also keeps out “.” and “..”.
    guard let last = element.utf8.last, last != UInt8(ascii: "."), element.unicodeScalars.allSatisfy(mayStand) else {
      return false
    }
    let stem = element.prefix { $0 != "." }.lowercased()
    return !reserved.contains(stem)
  }

  private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.isASCII else { return scalar.properties.isAlphabetic && scalar.properties.numericType == nil }
    return BangEscape.isLetterOrDigit(UInt8(ascii: scalar)) || "!#$%&()+,-.=@[]^_{}~ ".unicodeScalars.contains(scalar)
  }

  /// Devices on Windows, whatever follows the first dot.
  private static let reserved: Set<String> = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
  ]
}
