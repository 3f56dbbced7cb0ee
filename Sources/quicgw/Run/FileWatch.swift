import Foundation

/// Tells when files have changed, by looking at them now and then.
///
/// A change is reported once it has rested for one look, so that a certificate and its key that are replaced one after the
/// other are read together. Looking, unlike inotify, works alike for files, bind mounts and Kubernetes' symbolic links.
struct FileWatch {
  private var known: [String: Stamp?]
  private var candidate: [String: Stamp?]?

  /// Begins with the files as they are now.
  init(_ paths: [String]) {
    known = Self.look(at: paths)
  }

  /// True when some file is another one than at the last report, and as it was at the look before this one.
  mutating func lookForChange() -> Bool {
    change(to: Self.look(at: Array(known.keys)))
  }

  /// Watches other files from now on; those that are watched already keep what is known of them.
  /// - Returns: whether there are some that were not watched.
  mutating func watch(_ paths: [String]) -> Bool {
    let kept = known.filter { paths.contains($0.key) }
    known = Self.look(at: paths.filter { kept[$0] == nil }).merging(kept) { $1 }
    candidate = nil
    return known.count > kept.count
  }

  mutating func change(to seen: [String: Stamp?]) -> Bool {
    guard seen != known else {
      candidate = nil
      return false
    }
    guard seen == candidate else {
      candidate = seen
      return false
    }
    known = seen
    candidate = nil
    return true
  }

  /// What of a file changes when it is written or replaced.
  struct Stamp: Equatable {
    let target: String
    let inode: Int
    let byteCount: Int
    let modified: Date
  }

  private static func look(at paths: [String]) -> [String: Stamp?] {
    Dictionary(paths.map { ($0, stamp(of: $0)) }) { first, _ in first }
  }

  private static func stamp(of path: String) -> Stamp? {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let facts = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
    return Stamp(
      target: target, inode: facts[.systemFileNumber] as? Int ?? 0, byteCount: facts[.size] as? Int ?? 0,
      modified: facts[.modificationDate] as? Date ?? .distantPast)
  }
}
