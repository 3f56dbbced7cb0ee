import NIOCore

/// The name and port of a core as `--upstream` gives them: `core.example:4433`, `192.0.2.1:4433`, `[2001:db8::1]:4433`.
public struct CoreName: Hashable, Sendable, CustomStringConvertible {
  public let host: String
  public let port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
