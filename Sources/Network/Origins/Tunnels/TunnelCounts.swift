import Exchange
import Gateway

/// The tunnels of one event loop that are open or being opened, by their origins and by those that asked for them.
///
/// Each is a connection and a file of its own, so neither an origin that answers nobody nor one peer may take all there are.
final class TunnelCounts {
  private let limits: TunnelLimits
  private var origins: [OriginURL: (all: Int, connecting: Int)] = [:]
  private var identities: [String: Int] = [:]

  init(_ limits: TunnelLimits) {
    self.limits = limits
  }

  /// Counts a tunnel that is being opened; `connected(to:)` and `ended(to:for:)` follow.
  /// - Throws: when there are as many as there may be.
  func begin(to origin: OriginURL, for identity: String?) throws(GatewayError) {
    let present = origins[origin] ?? (0, 0)
    guard present.all < limits.perOrigin else { throw refusal("\(present.all) tunnels to \(origin) are open", limits.perOrigin) }
    guard present.connecting < limits.connecting else {
      throw refusal("\(present.connecting) tunnels to \(origin) are being opened and not answered yet", limits.connecting)
    }
    if let identity {
      let count = identities[identity, default: 0]
      guard count < limits.perIdentity else { throw refusal("“\(identity)” has \(count) tunnels open", limits.perIdentity) }
      identities[identity] = count + 1
    }
    origins[origin] = (present.all + 1, present.connecting + 1)
  }

  /// The attempt to connect is over, with a connection or without.
  func connected(to origin: OriginURL) {
    origins[origin]?.connecting -= 1
  }

  /// The tunnel is no more, or was never opened.
  func ended(to origin: OriginURL, for identity: String?) {
    if let present = origins[origin] { origins[origin] = present.all > 1 ? (present.all - 1, present.connecting) : nil }
    if let identity, let count = identities[identity] { identities[identity] = count > 1 ? count - 1 : nil }
  }

  private func refusal(_ what: String, _ limit: Int) -> GatewayError {
    GatewayError(
      .connectionLimitReached, side: .local, retry: .safe, status: 503,
      message: "\(what), and one event loop allows \(limit); close some, or add loops")
  }
}

/// How many tunnels one event loop opens.
struct TunnelLimits {
  /// To one origin, open or being opened: more than half of the ports that a system has for one address.
  var perOrigin = 16_384
  /// To one origin, being opened.
  var connecting = 1024
  /// For one identity, to all origins.
  var perIdentity = 16_384
}
