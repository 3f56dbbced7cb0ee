/// The names in an archive and of the folders above them, so that no two are the same to any file system
/// (`golang.org/x/mod/zip`'s `collisionChecker`).
struct ZipNames {
  private struct Known {
    let text: String
    let isFolder: Bool
  }

  /// By the name in small letters: names that differ in nothing else are the same on some file systems.
  private var known: [String: Known] = [:]

  /// - Throws: `ModuleZipError` when there is something else of that name; a folder may be named more than once.
  mutating func add(_ path: String, isFolder: Bool) throws(ModuleZipError) {
    let folded = path.lowercased()
    if let other = known[folded] {
      guard other.text == path, isFolder, other.isFolder else {
        throw ModuleZipError("two files in it have the same name: \(folded)")
      }
      // The folders above it are known, too.
      return
    }
    known[folded] = Known(text: path, isFolder: isFolder)
    if let slash = path.lastIndex(of: "/") { try add(String(path[..<slash]), isFolder: true) }
  }
}
