import Foundation

/// The file of keys for tshark and Wireshark: `SSLKEYLOGFILE`, honoured only with `--keylog`.
enum KeyLog {
  private static let variable = "SSLKEYLOGFILE"

  /// Makes the file if there is none, so that only its owner can read it, and finds out whether it can be written: GnuTLS, which
  /// writes it, would do neither. A file that others may read, that is another user's or a link is refused.
  /// - Throws: `CommandError` when there is nothing to write to.
  static func prepare(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let file = environment[variable], !file.isEmpty else {
      throw CommandError.configuration(
        "--keylog needs a file for the keys; name it in the environment, as in \(variable)=$HOME/keys")
    }
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw unusable(file, "cannot be written: \(unsafe String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid() else {
      throw unusable(file, "is not a file of this user's")
    }
    guard facts.st_mode & 0o077 == 0 else { throw unusable(file, "is open to others, and who has the keys reads everything") }
  }

  private static func unusable(_ file: String, _ why: String) -> CommandError {
    .configuration("--keylog: \(file), which \(variable) names, \(why); name another one")
  }
}
