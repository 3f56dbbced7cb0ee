import Glibc

/// A small secret file that is replaced whole: whoever reads it sees the old content or the new.
struct TicketFile {
  let path: String

  /// - Returns: nil when there is none.
  func read(upTo limit: Int) throws(FileTrouble) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system
    }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw .system }
      guard count > 0 else { return content }
      content += chunk[..<count]
      guard content.count <= limit else { throw FileTrouble("it is larger than such a file can be") }
    }
  }

  /// Not forced to the disk: a file that a dead machine has left half written is ignored.
  func replace(with content: [UInt8]) throws(FileTrouble) {
    let new = "\(path).new-\(getpid())"
    unsafe unlink(new)
    let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system }
    var rest = content[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        let trouble = FileTrouble.system
        close(descriptor)
        unsafe unlink(new)
        throw trouble
      }
    }
    close(descriptor)
    guard unsafe rename(new, path) == 0 else {
      let trouble = FileTrouble.system
      unsafe unlink(new)
      throw trouble
    }
  }
}
