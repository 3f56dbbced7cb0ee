/// Where a Redis server is.
public struct RedisOptions: Sendable, Equatable {
  public var host: String
  public var port: Int
  /// For AUTH; nil where the server asks for none.
  public var password: String?

  public init(host: String, port: Int, password: String? = nil) {
    self.host = host
    self.port = port
    self.password = password
  }

  /// As log lines name it.
  var name: String { "redis \(host):\(port)" }
}
