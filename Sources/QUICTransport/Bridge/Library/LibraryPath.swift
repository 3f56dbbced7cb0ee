internal import CNgtcp2
internal import Glibc

extension NetworkPath {
  /// Lends the path in ngtcp2's form, which points into this value.
  @inline(__always)
  func withLibraryPath<Result>(_ body: (UnsafePointer<ngtcp2_path>) -> Result) -> Result {
    unsafe local.withSockaddr { local in
      unsafe remote.withSockaddr { remote in
        var path = unsafe ngtcp2_path(local: ngtcp2_addr(local), remote: ngtcp2_addr(remote), user_data: nil)
        return unsafe body(&path)
      }
    }
  }

  /// Copies a path of ngtcp2's; an address that was never set becomes an empty one.
  init(_ path: ngtcp2_path) {
    self.init(local: unsafe Address(path.local), remote: unsafe Address(path.remote))
  }
}

extension Address {
  init(_ address: ngtcp2_addr) {
    let bytes = unsafe UnsafeRawBufferPointer(start: address.addr, count: Int(address.addrlen))
    self = unsafe Address(sockaddr: bytes) ?? Address()
  }
}

extension ngtcp2_addr {
  /// ngtcp2 does not write to a path that it takes as input.
  init(_ bytes: UnsafeRawBufferPointer) {
    let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    unsafe self.init(addr: base?.assumingMemoryBound(to: sockaddr.self), addrlen: socklen_t(bytes.count))
  }

  func holds(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let own = unsafe addr, let other = bytes.baseAddress, unsafe addrlen == bytes.count else { return false }
    return unsafe memcmp(own, other, bytes.count) == 0
  }
}

/// Room for one path that ngtcp2 writes; it points into itself and so must not move.
@safe
final class PathStorage {
  let pointer: UnsafeMutablePointer<ngtcp2_path_storage>

  init() {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: ngtcp2_path_storage())
    unsafe ngtcp2_path_storage_zero(pointer)
  }

  deinit {
    unsafe pointer.deinitialize(count: 1)
    unsafe pointer.deallocate()
  }

  var path: NetworkPath { unsafe NetworkPath(pointer.pointee.path) }

  /// Whether ngtcp2 wrote just this path; cheaper than to take it and compare.
  func holds(_ path: NetworkPath) -> Bool {
    unsafe path.local.withSockaddr { unsafe pointer.pointee.path.local.holds($0) }
      && path.remote.withSockaddr { unsafe pointer.pointee.path.remote.holds($0) }
  }
}
