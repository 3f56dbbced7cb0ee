import NIOCore
import QUICTransport

extension SocketAddress {
  /// `127.0.0.1:8080`, `[::1]:8080`, or the path of a Unix socket.
  var text: String {
    guard let host = ipAddress, let port else { return pathname ?? "unix" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

extension Address {
  static let anyIPv6 = Address(ipAddress: "::", port: 0) ?? Address.anyIPv4
  static let anyIPv4 = Address(ipAddress: "0.0.0.0", port: 0)!
}
