/// How the origins of a service share its requests, and when one of them is passed over.
public struct PoolRules: Sendable, Hashable {
  /// One for each origin, in their order; empty where all are alike.
  public var shares: [OriginShare]
  /// So many failures within `failTimeout` take an origin out of use for as long, where there are others; 0 for never. Then one
  /// request finds out whether it is back. A failure is a connection that could not be made, or an answer that did not come.
  public var maximumFailures: Int
  public var failTimeout: Duration
  /// How origins are asked whether they are well; nil for not at all.
  public var check: HealthCheck?

  public init(
    shares: [OriginShare] = [], maximumFailures: Int = 1, failTimeout: Duration = .seconds(10), check: HealthCheck? = nil
  ) {
    self.shares = shares
    self.maximumFailures = maximumFailures
    self.failTimeout = failTimeout
    self.check = check
  }

  public static let defaults = PoolRules()
}

/// What part of a service's requests one origin gets.
public struct OriginShare: Sendable, Hashable {
  /// As much of them as its part of the sum of all weights.
  public var weight: Int
  /// Whether it gets some only when all others are out of use.
  public var isBackup: Bool

  public init(weight: Int = 1, isBackup: Bool = false) {
    self.weight = weight
    self.isBackup = isBackup
  }
}

/// A request that is sent to each origin again and again; a status of 200 to 399 says that it is well.
public struct HealthCheck: Sendable, Hashable {
  public var path: String
  public var interval: Duration
  /// How long an answer may take.
  public var timeout: Duration
  /// So many failures one after another take an origin out of use.
  public var fails: Int
  /// So many successes one after another bring it back.
  public var passes: Int

  public init(path: String, interval: Duration = .seconds(5), timeout: Duration = .seconds(2), fails: Int = 3, passes: Int = 2) {
    self.path = path
    self.interval = interval
    self.timeout = timeout
    self.fails = fails
    self.passes = passes
  }
}
