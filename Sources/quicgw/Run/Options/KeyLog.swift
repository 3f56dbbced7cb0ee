import Foundation

/// The file of keys for tshark and Wireshark: `SSLKEYLOGFILE`, honoured only with `--keylog`.
enum KeyLog {
  private static let variable = "SSLKEYLOGFILE"

  /// Makes the file if there is none, so that only its owner can read it, and finds out whether it can be written: GnuTLS, which
  /// writes it, would do neither.
  /// - Throws: `CommandError` when there is nothing to write to.
  static func prepare(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let file = environment[variable], !file.isEmpty else {
      throw CommandError.configuration("--keylog needs a file for the keys; name it in the environment, as in \(variable)=/tmp/keys")
    }
    if !FileManager.default.fileExists(atPath: file) {
      guard FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw CommandError.configuration("--keylog: the file \(file) that \(variable) names cannot be made; name another one")
      }
    }
    guard FileHandle(forWritingAtPath: file) != nil else {
      throw CommandError.configuration("--keylog: the file \(file) that \(variable) names cannot be written; name another one")
    }
  }
}
