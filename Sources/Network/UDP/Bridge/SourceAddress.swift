internal import CSocket
import Glibc
import QUICTransport

/// What the kernel says about the addresses of this host.
enum SourceAddress {
  /// The address that datagrams to `remote` leave from now; nil when there is no way there.
  ///
  /// - Parameter port: of the socket that sends them.
  static func towards(_ remote: Address, port: UInt16) -> Address? {
    var storage = sockaddr_storage()
    let result = unsafe remote.withSockaddr {
      unsafe csocket_source_address($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count), &storage)
    }
    guard result == 0 else { return nil }
    var address = unsafe withUnsafeBytes(of: &storage) { unsafe Address(sockaddr: $0) }
    address?.port = port
    return address
  }

  /// Whether datagrams can still leave from `address`.
  static func exists(_ address: Address) -> Bool {
    unsafe address.withSockaddr {
      unsafe csocket_has_address($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }
}
