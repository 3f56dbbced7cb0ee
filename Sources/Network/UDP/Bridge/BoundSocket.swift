internal import CSocket
import Glibc
import NIOCore
import QUICTransport

/// An open, bound, non-blocking UDP socket before a loop takes it.
struct BoundSocket: Sendable {
  let descriptor: CInt
  /// The bound address with the port that was chosen.
  let localAddress: Address

  /// Opens and binds: dual stack for IPv6, path MTU discovery on.
  /// - Parameter reusesPort: to be one of several sockets on this port.
  /// - Throws: `ListenError` when the address cannot be bound.
  init(bindingTo address: Address, reusesPort: Bool) throws {
    var options = csocket_udp_options(
      reuse_port: reusesPort, receive_buffer_bytes: Self.bufferBytes, send_buffer_bytes: Self.bufferBytes)
    descriptor = unsafe address.withSockaddr {
      unsafe csocket_udp_open($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count), &options)
    }
    guard descriptor >= 0 else { throw ListenError(address: "UDP \(address)", IOError(errnoCode: errno, reason: "bind")) }
    var storage = sockaddr_storage()
    let length = unsafe csocket_local_address(descriptor, &storage)
    guard length > 0, let bound = unsafe withUnsafeBytes(of: &storage, { unsafe Address(sockaddr: $0) }) else {
      let error = IOError(errnoCode: errno, reason: "getsockname of UDP \(address)")
      Glibc.close(descriptor)
      throw error
    }
    localAddress = bound
  }

  /// A socket for a client's role: any port, both families; IPv4 alone where the system has no IPv6.
  static func openForDialling() throws -> BoundSocket {
    do {
      return try BoundSocket(bindingTo: .anyIPv6, reusesPort: false)
    } catch {
      return try BoundSocket(bindingTo: .anyIPv4, reusesPort: false)
    }
  }

  /// For a socket that no loop has taken.
  func close() {
    Glibc.close(descriptor)
  }

  /// Makes the kernel deliver to the sockets of a port by connection ID. To be called on one of them when all are bound.
  func attachSteering(socketCount: Int) throws {
    guard csocket_attach_steering(descriptor, UInt32(socketCount)) == 0 else {
      throw IOError(errnoCode: errno, reason: "SO_ATTACH_REUSEPORT_CBPF")
    }
  }

  /// Room in the kernel for what arrives while a loop is busy; capped by its rmem_max.
  private static let bufferBytes: CInt = 4 << 20
}
