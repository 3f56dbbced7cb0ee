internal import CSocket
import Glibc

/// Folders and names of the cache on the file system; every call may wait for a disk.
enum FolderAccess {
  /// A file that was found below a folder.
  struct Found: Sendable {
    /// Below the folder, without a slash at its beginning.
    let name: String
    let byteCount: Int
    /// Seconds of Unix time; a use sets it.
    let usedAt: Int64
  }

  static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// A folder and all above it that are not there.
  static func make(_ path: String) throws(StorageError) {
    if unsafe mkdir(path, 0o750) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path.contains("/") else { throw .system(path) }
    try make(parent(of: path))
    guard unsafe mkdir(path, 0o750) == 0 || errno == EEXIST else { throw .system(path) }
  }

  /// Makes the names in a folder outlive a crash of the machine.
  static func sync(_ path: String) throws(StorageError) {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system(path) }
  }

  /// Opens a file for reading, without a trace in its access time: that says when it was used (`use(_:at:)`), which looking at it,
  /// checking it and carrying it away is not.
  ///
  /// - Returns: the open file, and what tells it from others and from itself after a change; nil if there is none.
  static func open(_ path: String) throws(StorageError) -> (descriptor: Int32, fingerprint: FileFingerprint, usedAt: Int64)? {
    let descriptor = unsafe csocket_open_unnoticed(path)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
      throw .system(path)
    }
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw StorageError("\(path) is no file")
    }
    let fingerprint = FileFingerprint(
      inode: UInt64(facts.st_ino), byteCount: Int(facts.st_size), seconds: Int64(facts.st_mtim.tv_sec),
      nanoseconds: Int64(facts.st_mtim.tv_nsec))
    return (descriptor, fingerprint, Int64(facts.st_atim.tv_sec))
  }

  /// Marks a file as used, without a sign of change: its access time is ours to set, since many file systems do not.
  /// - Returns: false if there is no such file; one that cannot be marked only seems older than it is.
  @discardableResult
  static func use(_ path: String, at time: Int64) -> Bool {
    unsafe csocket_set_access_time(path, time) == 0 || errno != ENOENT
  }

  static func remove(_ path: String) {
    // A file that is gone already is as good.
    _ = unsafe unlink(path)
  }

  /// What a file takes on the disk; 0 where there is none.
  static func usedBytes(_ path: String) -> Int {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG ? Int(facts.st_blocks) * 512 : 0
  }

  /// Removes folders that have become empty, from `path` upwards to below `top`.
  static func removeEmpty(_ path: String, below top: String) {
    var path = path
    while path.count > top.count, path.hasPrefix(top), unsafe rmdir(path) == 0 { path = parent(of: path) }
  }

  /// All files below a folder. What disappears meanwhile is left out.
  static func walk(_ top: String, _ visit: (Found) -> Void) {
    var folders = [""]
    while let folder = folders.popLast() {
      guard let listing = unsafe opendir(folder.isEmpty ? top : "\(top)/\(folder)") else { continue }
      defer { unsafe closedir(listing) }
      while let entry = unsafe readdir(listing) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // Hidden ones are this module's own, and the folder itself.
        guard name.first != "." else { continue }
        let below = folder.isEmpty ? name : "\(folder)/\(name)"
        var facts = stat()
        guard unsafe lstat("\(top)/\(below)", &facts) == 0 else { continue }
        if facts.st_mode & S_IFMT == S_IFDIR {
          folders.append(below)
        } else if facts.st_mode & S_IFMT == S_IFREG {
          let usedAt = Int64(max(facts.st_atim.tv_sec, facts.st_mtim.tv_sec))
          visit(Found(name: below, byteCount: Int(facts.st_blocks) * 512, usedAt: usedAt))
        }
      }
    }
  }
}

/// What a file was when its content was last found to be right.
struct FileFingerprint: Sendable, Hashable {
  let inode: UInt64
  let byteCount: Int
  let seconds: Int64
  let nanoseconds: Int64
}

/// Makes a process the only one that uses a folder.
final class FolderLock: Sendable {
  private let descriptor: Int32

  init(_ path: String) throws(StorageError) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw .system(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StorageError("\(FolderAccess.parent(of: path)) is used by another process; give each process a folder of its own")
    }
  }

  deinit { close(descriptor) }
}
