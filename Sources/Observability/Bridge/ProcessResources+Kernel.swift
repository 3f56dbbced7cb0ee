import Glibc

extension ProcessResources {
  /// Reads `/proc/self`; nil where that cannot be read.
  public static func current() -> ProcessResources? {
    var limit = rlimit()
    guard
      let stat = contents(of: "/proc/self/stat"), let statm = contents(of: "/proc/self/statm"),
      let openFiles = entryCount(of: "/proc/self/fd"), unsafe getrlimit(__rlimit_resource_t(7), &limit) == 0
    else { return nil }
    // The second field is the program's name in parentheses and may hold anything; fields are counted behind it (proc(5)).
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    let pages = statm.split(separator: " ")
    guard
      fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]), pages.count > 1,
      let residentPages = Int(pages[1])
    else { return nil }
    let ticksPerSecond = max(1, Int64(sysconf(Int32(_SC_CLK_TCK))))
    return ProcessResources(
      cpuTime: .milliseconds((user + system) * 1_000 / ticksPerSecond),
      residentBytes: residentPages * sysconf(Int32(_SC_PAGESIZE)), openFiles: openFiles,
      maximumFiles: Int(clamping: limit.rlim_cur))
  }

  /// The text of a small file of the proc file system.
  private static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// The entries of `/proc/self/fd`, without the descriptor that the count itself needs.
  private static func entryCount(of path: String) -> Int? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // ".", ".." and the directory's own descriptor.
    return max(0, count - 3)
  }
}
