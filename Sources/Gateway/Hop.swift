public import Events
import Exchange
import HTTPMessage

/// This process as one hop on a request's way: who it is and which way it passes requests.
public struct Hop: Sendable {
  public let role: Role
  public let direction: Direction
  /// The pseudonym in `Via` (RFC 9110 §7.6.3), `Proxy-Status` (RFC 9209) and error texts; unique to the running process, so that
  /// finding it in a request means a loop.
  public let name: String

  let nameBytes: [UInt8]
  private let viaEntries: (http1: [UInt8], http2: [UInt8], http3: [UInt8], tcp: [UInt8])

  /// - Parameter name: a token (RFC 9110 §5.6.2), usually made by `Hop.name(role:instance:)`.
  public init(role: Role, direction: Direction = .edgeToCore, name: String) {
    self.role = role
    self.direction = direction
    self.name = name
    nameBytes = Array(name.utf8)
    func entry(_ wire: WireProtocol) -> [UInt8] { Array("\(wire.viaVersion) \(name)".utf8) }
    viaEntries = (entry(.http1), entry(.http2), entry(.http3), entry(.tcp))
  }

  /// `quicgw-edge-1f2e3d4c`: the role and the first four bytes of the instance.
  public static func name(role: Role, instance: some Collection<UInt8>) -> String {
    "quicgw-\(role.rawValue)-\(Hexadecimal.text(instance.prefix(4)))"
  }

  /// What this hop adds to `Via` for a message received on a wire.
  func viaEntry(_ wire: WireProtocol) -> [UInt8] {
    switch wire {
    case .http1: viaEntries.http1
    case .http2: viaEntries.http2
    case .http3: viaEntries.http3
    case .tcp: viaEntries.tcp
    }
  }
}
