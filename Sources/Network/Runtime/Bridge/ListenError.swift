import Glibc
import NIOCore

/// An address that cannot be listened on.
public struct ListenError: Error, Sendable, Equatable {
  /// With the protocol, for example `UDP [::]:4433`.
  public let address: String
  /// An `errno` value.
  public let errnoCode: CInt

  init(address: String, _ error: IOError) {
    self.address = address
    errnoCode = error.errnoCode
  }
}

extension ListenError: CustomStringConvertible {
  public var description: String { "\(address) cannot be listened on: \(reason)" }

  private var reason: String {
    switch errnoCode {
    case EADDRINUSE: "another process does; end it or choose another port"
    case EADDRNOTAVAIL: "no interface of this machine has the address"
    case EACCES, EPERM: "the system does not allow it; ports below 1024 need CAP_NET_BIND_SERVICE"
    default: "the system refused with errno \(errnoCode)"
    }
  }
}
