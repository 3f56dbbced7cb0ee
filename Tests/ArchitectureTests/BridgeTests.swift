import Testing

/// What the compiler cannot check lives in `Bridge/` folders, where it can be searched for and reviewed.
@Suite struct BridgeTests {
  private static let fenced = [
    #"\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer\b"#, #"\bUnmanaged\b"#, #"\bOpaquePointer\b"#, #"\bwithUnsafe\w*"#,
    #"\bunsafeBitCast\b"#, #"nonisolated\(unsafe\)"#, "@unchecked Sendable",
  ].joined(separator: "|")

  @Test func pointersAndUncheckedPromisesLiveInBridges() throws {
    let pattern = try Regex(Self.fenced).wordBoundaryKind(.simple)
    for file in SourceTree.package.sources where !file.isInBridge {
      for place in file.places(matching: { $0.contains(pattern) }) { Issue.record("\(place): move it into a Bridge/ folder") }
    }
  }

  @Test func everyUncheckedSendableSaysWhyItIsTrue() {
    for file in SourceTree.package.sources {
      for (index, line) in file.code.enumerated() where line.contains("@unchecked Sendable") {
        let above = file.lines[..<index].reversed().prefix { line in
          let line = line.drop { $0 == " " }
          return line.hasPrefix("//") || line.hasPrefix("@")
        }
        let beside = above + file.lines[index...].prefix(3)
        let comment = beside.filter { $0.contains("//") }.joined().lowercased()
        #expect(
          comment.contains("unchecked") || comment.contains("sendable"),
          "\(file.path):\(index + 1): say beside it why it is true, beginning with “Unchecked because”")
      }
    }
  }

  @Test func cLibrariesAreImportedInternally() {
    for file in SourceTree.package.sources {
      for place in file.places(matching: { $0.contains("public import C") }) {
        Issue.record("\(place): a C type in a public signature would make every user import the library")
      }
    }
  }
}
