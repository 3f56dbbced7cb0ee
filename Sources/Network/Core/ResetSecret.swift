import Events

/// The secret under a core's stateless reset and Retry tokens. In a file of its own it outlives the process and its private key: a core
/// that came back with a renewed key could not reset the connections of its predecessor (RFC 9000 §10.3.2), whose edges would wait for
/// silence to tell them.
enum ResetSecret {
  /// Reads the file, or makes it.
  ///
  /// - Parameter other: what is used where the file cannot be.
  static func load(_ path: String, otherwise other: [UInt8], record: (Event) -> Void) -> [UInt8] {
    let file = TicketFile(path: path)
    do throws(FileTrouble) {
      if let secret = try file.read(upTo: byteCount) {
        guard secret.count == byteCount else { throw FileTrouble("it is no secret of \(byteCount) bytes") }
        return secret
      }
      let secret = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max) }
      try file.replace(with: secret)
      return secret
    } catch {
      record(
        .earlyDataStorage(
          file: path, reason: "\(error)", consequence: "once the private key is renewed, edges notice a restart later"))
      return other
    }
  }

  private static let byteCount = 32
}
