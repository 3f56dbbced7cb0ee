import Glibc

/// Lines to whoever started the process, each written at once.
enum StandardStreams {
  static func say(_ line: String) { write(line, to: STDOUT_FILENO) }

  static func warn(_ line: String) { write(line, to: STDERR_FILENO) }

  private static func write(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
  }
}
