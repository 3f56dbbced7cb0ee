import Foundation

/// Writes files that hold secrets: created with their final permissions, never opened when they exist already.
enum NewFile {
  /// Creates a file that did not exist (`O_EXCL`: not even as a dangling symbolic link) and writes it to the disk.
  /// - Parameters:
  ///   - path: where; the folder must exist.
  ///   - permissions: the mode from the first moment on, whatever the umask.
  /// - Throws: `POSIXError` with `EEXIST` when something of that name is there.
  static func create(_ path: String, permissions: mode_t, content: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      guard fchmod(descriptor, permissions) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      try handle.write(contentsOf: Data(content.utf8))
      try handle.synchronize()
      try handle.close()
    } catch {
      _ = unsafe unlink(path)
      throw error
    }
  }

  /// Puts a new file in the place of an old one in one step, so that a process that reloads sees the old or the new one.
  static func replace(_ path: String, permissions: mode_t, content: String) throws {
    let temporary = "\(path).new-\(getpid())"
    try create(temporary, permissions: permissions, content: content)
    guard unsafe rename(temporary, path) == 0 else {
      let code = POSIXErrorCode(rawValue: errno) ?? .EIO
      _ = unsafe unlink(temporary)
      throw POSIXError(code)
    }
  }
}
