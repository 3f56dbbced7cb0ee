/// `redis` and `redis_password`: a Redis server in which processes share something.
public struct RedisServer: Sendable, Equatable {
  public var address: HostPort
  /// The first line of the file that `redis_password` names; nil sends none.
  public var password: String?

  static let keys = ["redis", "redis_password"]

  /// - Returns: nil where none is named.
  init?(in section: Section, files: FileReader) throws(ConfigurationError) {
    guard let value = section["redis"] else {
      guard let value = section["redis_password"] else { return nil }
      throw value.error("there is no redis that it could be the password of", "add redis, or remove redis_password")
    }
    address = try value.hostPort(example: "redis.internal:6379")
    password = try section["redis_password"].map { value throws(ConfigurationError) in try Self.password(value, files) }
  }

  private static func password(_ value: Value, _ files: FileReader) throws(ConfigurationError) -> String {
    let file = try value.text()
    let bytes = try files.bytes(of: file, named: value, ifMissing: "make it, with the password in one line")
    let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
    guard !text.isEmpty else { throw value.error("the first line of \(file) is empty", "write the password there") }
    return String(text)
  }
}
