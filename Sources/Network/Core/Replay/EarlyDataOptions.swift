/// How a core takes early data (0-RTT).
public struct EarlyDataOptions: Sendable, Equatable {
  /// Keeps the record of first flights over a restart; nil keeps it in memory, so that tickets from before a restart resume
  /// sessions without early data.
  public var recordFile: String?
  /// Where cores that share ticket keys remember first flights together; nil where a core is alone.
  public var redis: RedisOptions?

  public init(recordFile: String? = nil, redis: RedisOptions? = nil) {
    self.recordFile = recordFile
    self.redis = redis
  }
}
