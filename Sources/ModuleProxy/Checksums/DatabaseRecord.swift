import HTTPMessage

/// The answer of a checksum database to a question for a module's version: the record's place, its text, and the signed head of a
/// tree that has it (https://go.dev/ref/mod#checksum-database).
struct DatabaseRecord {
  let proof: TreeProof
  /// Lines of go.sum, each with its end.
  let text: String
  /// The root that the database has signed.
  let root: [UInt8]

  /// - Returns: nil if it cannot be read, or the key has not signed it.
  init?(_ answer: [UInt8], key: VerifierKey) {
    guard let whole = String(validating: answer, as: UTF8.self), let lineEnd = whole.firstIndex(of: "\n"),
      let index = Int(whole[..<lineEnd])
    else { return nil }
    let rest = whole[whole.index(after: lineEnd)...]
    var lines: [Substring] = []
    var note = rest
    while let end = note.firstIndex(of: "\n"), end > note.startIndex {
      lines.append(note[...end])
      note = note[note.index(after: end)...]
    }
    guard note.first == "\n", let head = key.verified(String(note.dropFirst())) else { return nil }
    let headLines = head.split(separator: "\n", omittingEmptySubsequences: false)
    guard headLines.count >= 3, headLines[0] == "go.sum database tree", let size = Int(headLines[1]),
      let root = Base64.bytes(headLines[2]), root.count == 32, let proof = TreeProof(index: index, treeSize: size)
    else { return nil }
    self.proof = proof
    self.root = root
    text = lines.joined()
  }

  func tells(of module: ModulePath, _ version: ModuleVersion) -> Bool {
    hash(module, version, goMod: false) != nil || hash(module, version, goMod: true) != nil
  }

  /// The hash of a version's zip, or with `goMod` that of its go.mod alone.
  func hash(_ module: ModulePath, _ version: ModuleVersion, goMod: Bool) -> String? {
    let wanted = "\(module.text) \(version.text)\(goMod ? "/go.mod" : "") "
    return text.split(separator: "\n").first { $0.hasPrefix(wanted) }.map { String($0.dropFirst(wanted.count)) }
  }
}
