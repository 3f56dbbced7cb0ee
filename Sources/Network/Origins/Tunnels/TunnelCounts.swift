import Exchange
import Gateway
import Synchronization

/// The tunnels of a process that are open or being opened, by their origins and by those that asked for them.
///
/// Most of them are a connection and a file each, so neither an origin that answers nobody nor one peer may take all there are.
/// Shared by the loops: each is locked for once or twice in a tunnel's life.
final class TunnelCounts: Sendable {
  private let limits: TunnelLimits
  private let open = Mutex(Open())

  private struct Open {
    var origins: [OriginURL: (all: Int, connecting: Int)] = [:]
    var identities: [String: Int] = [:]
  }

  init(_ limits: TunnelLimits) {
    self.limits = limits
  }

  /// Counts a tunnel that is being opened, until it says that it has ended.
  /// - Throws: when there are as many as there may be.
  func begin(to origin: OriginURL, for identity: String?) throws(GatewayError) -> CountedTunnel {
    try open.withLock { open throws(GatewayError) in
      let present = open.origins[origin] ?? (0, 0)
      guard present.all < limits.perOrigin else {
        throw refusal("\(present.all) tunnels to \(origin) are open", limits.perOrigin, "tunnels_per_origin")
      }
      guard present.connecting < limits.connecting else {
        throw refusal(
          "\(present.connecting) tunnels to \(origin) are being opened and not answered yet", limits.connecting,
          "tunnels_connecting")
      }
      if let identity {
        let count = open.identities[identity, default: 0]
        guard count < limits.perPeer else {
          throw refusal("“\(identity)” has \(count) tunnels open", limits.perPeer, "tunnels_per_peer")
        }
        open.identities[identity] = count + 1
      }
      open.origins[origin] = (present.all + 1, present.connecting + 1)
    }
    return CountedTunnel(self, origin: origin, identity: identity)
  }

  fileprivate func connected(to origin: OriginURL) {
    open.withLock { $0.origins[origin]?.connecting -= 1 }
  }

  fileprivate func ended(to origin: OriginURL, for identity: String?, wasConnecting: Bool) {
    open.withLock { open in
      if let present = open.origins[origin] {
        open.origins[origin] = present.all > 1 ? (present.all - 1, present.connecting - (wasConnecting ? 1 : 0)) : nil
      }
      if let identity, let count = open.identities[identity] { open.identities[identity] = count > 1 ? count - 1 : nil }
    }
  }

  private func refusal(_ what: String, _ limit: Int, _ key: String) -> GatewayError {
    GatewayError(
      .connectionLimitReached, side: .local, retry: .safe, status: 503,
      message: "\(what), and limits.\(key) allows \(limit); close some, or raise it")
  }
}

/// One tunnel as it is counted, until it ends or is forgotten. Used on its loop only.
final class CountedTunnel {
  private let counts: TunnelCounts
  private let origin: OriginURL
  private let identity: String?
  private var state = State.connecting

  fileprivate init(_ counts: TunnelCounts, origin: OriginURL, identity: String?) {
    self.counts = counts
    self.origin = origin
    self.identity = identity
  }

  deinit { end() }

  /// The attempt to open it is over, with success or without.
  func connected() {
    guard state == .connecting else { return }
    state = .open
    counts.connected(to: origin)
  }

  /// It is no more, or was never opened.
  func end() {
    guard state != .ended else { return }
    counts.ended(to: origin, for: identity, wasConnecting: state == .connecting)
    state = .ended
  }

  private enum State {
    case connecting, open, ended
  }
}

/// How many tunnels a process opens; `limits` in the configuration.
public struct TunnelLimits: Sendable {
  /// To one origin, open or being opened: by default more than half of the ports that a system has for one address.
  public var perOrigin = 16_384
  /// To one origin, being opened.
  public var connecting = 1024
  /// For one identity of the other end, to all origins.
  public var perPeer = 16_384

  public init() {}
}
