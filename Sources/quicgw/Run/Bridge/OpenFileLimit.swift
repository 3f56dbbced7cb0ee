internal import Glibc

/// How many files, sockets among them, the process may have open.
enum OpenFileLimit {
  /// Raises the soft limit to the hard one. The soft one is usually 1024, for programs that call select(2); this one does not,
  /// and each connection of a client or to an origin is a file.
  static func raise() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    // Refused only if the hard limit fell in between; then all is as it was.
    _ = unsafe setrlimit(resource, &limit)
  }
}
