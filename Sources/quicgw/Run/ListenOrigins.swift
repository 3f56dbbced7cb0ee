import GatewayConfig
import NIOCore
import Network

/// Where the addresses that a process listens on were asked for, so that a failure names the key or flag to change.
struct ListenOrigins {
  private var origins: [String: String] = [:]

  /// - Throws: `CommandError` when one of the addresses has a name that cannot be resolved.
  init(_ addresses: [ConfiguredAddress]) throws {
    for address in addresses {
      do {
        let resolved = try address.address.streamAddress()
        let host = resolved.ipAddress ?? address.address.host
        origins["\(address.transport.rawValue) \(HostPort(host: host, port: address.address.port))"] = address.origin
      } catch let error as CommandError {
        throw CommandError.configuration("\(address.origin): \(error.message)")
      }
    }
  }

  /// The failure in one sentence with its key.
  func explain(_ error: ListenError) -> CommandError {
    .configuration(origins[error.address].map { "\($0): \(error)" } ?? "\(error)")
  }
}
