/// `link` in an edge's file: how soon a core that does not answer is found out, and what happens meanwhile.
public struct LinkSettings: Sendable, Equatable {
  /// `suspect_after`: so long a core may leave unanswered what was sent; then other ways to it are tried beside.
  public var suspectAfter: Duration = .seconds(3)
  /// `lost_after`: after so long without an answer what is open on the connection is given up. `transport.idle_timeout` where
  /// that is shorter and this is not given.
  public var lostAfter: Duration = .seconds(30)
  /// `keep_alive`: how often an idle core is asked. Addresses that are translated on the way are kept by it. Half of
  /// `transport.idle_timeout` where that is shorter and this is not given.
  public var keepAlive: Duration = .seconds(15)
  /// `request_wait`: how long a request may wait for a link, or for a stream of it.
  public var requestWait: Duration = .seconds(5)
  /// `extended_connect`: whether WebSocket and other upgrades are passed on. quicgw's cores take them; nghttp3 0.8.0 does not
  /// tell whether another HTTP/3 server does (RFC 9220 §3), so before such a one it is said here.
  public var extendedConnect = ExtendedConnect.on

  public enum ExtendedConnect: String, Sendable, CaseIterable {
    case on, off
  }

  public init() {}

  public static let defaults = LinkSettings()

  static let suspectRange: ClosedRange<Duration> = .milliseconds(500) ... .seconds(60)
  static let lostRange: ClosedRange<Duration> = .seconds(2) ... .seconds(600)
  static let keepAliveRange: ClosedRange<Duration> = .seconds(1) ... .seconds(300)
  static let waitRange: ClosedRange<Duration> = .milliseconds(100) ... .seconds(300)
}

extension LinkSettings {
  /// What holds where the file says nothing.
  /// - Parameter idleTimeout: ends a silent connection whatever is said here.
  init(idleTimeout: Duration) {
    self.init()
    lostAfter = min(lostAfter, idleTimeout)
    keepAlive = min(keepAlive, idleTimeout / 2)
  }

  init(_ value: Value, idleTimeout: Duration) throws(ConfigurationError) {
    self.init(idleTimeout: idleTimeout)
    let section = try value.section(["suspect_after", "lost_after", "keep_alive", "request_wait", "extended_connect"])
    if let value = section["suspect_after"] { suspectAfter = try value.duration(in: Self.suspectRange) }
    if let value = section["lost_after"] { lostAfter = try value.duration(in: Self.lostRange) }
    if let value = section["keep_alive"] { keepAlive = try value.duration(in: Self.keepAliveRange) }
    if let value = section["request_wait"] { requestWait = try value.duration(in: Self.waitRange) }
    if let value = section["extended_connect"] { extendedConnect = try value.choice(ExtendedConnect.self) }
    if let value = section["lost_after"], lostAfter > idleTimeout {
      throw value.error("transport.idle_timeout ends a silent connection before", "lower it, or raise transport.idle_timeout")
    }
    // When one PING is lost, those that follow each second still come in time.
    if let value = section["keep_alive"], keepAlive > idleTimeout / 2 {
      throw value.error("it is more than half of transport.idle_timeout", "lower it, or raise transport.idle_timeout")
    }
    guard suspectAfter < lostAfter else {
      throw value.error("suspect_after is not less than lost_after", "lower suspect_after or raise lost_after")
    }
  }
}
