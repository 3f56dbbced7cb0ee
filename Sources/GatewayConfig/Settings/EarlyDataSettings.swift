/// `early_data` in an edge's file: requests that leave with the first flight (0-RTT).
public struct EdgeEarlyDataSettings: Sendable, Equatable {
  /// `send`
  public var send = Switch.on
  /// `tickets`: a folder that keeps them over a restart, as a full path; nil is `$STATE_DIRECTORY`, without which they are kept
  /// in memory.
  public var tickets: String?

  public init() {}

  public static let defaults = EdgeEarlyDataSettings()

  init(_ value: Value, files: FileReader) throws(ConfigurationError) {
    self.init()
    let section = try value.section(["send", "tickets"])
    if let value = section["send"] { send = try value.choice(Switch.self) }
    if let value = section["tickets"] { tickets = try files.writableFolder(try value.text(), named: value) }
  }
}

/// `early_data` in a core's file.
public struct CoreEarlyDataSettings: Sendable, Equatable {
  /// `accept`
  public var accept = Switch.on
  /// `record`: a folder that keeps over a restart what was taken, as a full path; nil is `$STATE_DIRECTORY`, without which it is
  /// kept in memory.
  public var record: String?
  /// `redis`: where cores that share ticket keys remember together what they have taken; nil where a core is alone.
  public var redis: RedisServer?
  /// The keys of the file that `ticket_keys` names, which cores share: tickets are given under the first and taken under all.
  /// Empty makes one from the private key.
  public var ticketKeys: [[UInt8]] = []
  /// The full paths of the files that these were read from, to be watched for changes.
  public var files: [String] = []

  public init() {}

  public static let defaults = CoreEarlyDataSettings()

  init(_ value: Value, files: FileReader) throws(ConfigurationError) {
    self.init()
    let section = try value.section(["accept", "record", "ticket_keys"] + RedisServer.keys)
    redis = try RedisServer(in: section, files: files)
    for key in ["redis_password", "ticket_keys"] {
      if let value = section[key] { self.files.append(files.fullPath(try value.text())) }
    }
    if let value = section["ticket_keys"] { ticketKeys = try Self.ticketKeys(value, files) }
    if let value = section["accept"] { accept = try value.choice(Switch.self) }
    if let value = section["ticket_keys"], redis == nil, accept != .off {
      throw value.error(
        "cores that share ticket keys would each take a copy of the same early data", "add redis, or accept: off")
    }
    if let value = section["record"] { record = try files.writableFolder(try value.text(), named: value) }
  }
}

extension CoreEarlyDataSettings {
  /// Whether more differs than ticket keys, which alone are taken up by a reload.
  public func isFixed(unlike other: CoreEarlyDataSettings) -> Bool {
    (accept, record, redis) != (other.accept, other.record, other.redis)
  }

  private static func ticketKeys(_ value: Value, _ files: FileReader) throws(ConfigurationError) -> [[UInt8]] {
    let file = try value.text()
    let bytes = try files.bytes(of: file, named: value, ifMissing: "make it with: openssl rand -hex 64")
    var keys: [[UInt8]] = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let digits = line.compactMap(\.hexDigitValue)
      guard digits.count == 128, line.count == 128 else {
        throw value.error(
          "\(file) does not hold a key of 64 bytes in each line",
          "write one of 128 hexadecimal digits: openssl rand -hex 64 | tr -d '\\n'")
      }
      keys.append(stride(from: 0, to: 128, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
    guard (1...maximumTicketKeys).contains(keys.count) else {
      throw value.error("\(file) holds \(keys.count) keys", "write one to \(maximumTicketKeys), each in a line")
    }
    return keys
  }

  private static let maximumTicketKeys = 4
}

public enum Switch: String, Sendable, CaseIterable {
  case on, off
}
