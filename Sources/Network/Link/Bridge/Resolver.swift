import Glibc
import NIOPosix
import QUICTransport

/// Resolves the core's name to all its UDP addresses, off the event loops.
struct Resolver: Sendable {
  private let threads: NIOThreadPool

  init(threads: NIOThreadPool = .singleton) {
    self.threads = threads
  }

  /// All addresses in the order of RFC 6724, families alternating (RFC 8305 §4).
  /// - Throws: `ResolutionError` with the system's words.
  func addresses(of core: CoreName) async throws -> [Address] {
    try await threads.runIfActive { try Self.lookUp(core) }
  }

  private static func lookUp(_ core: CoreName) throws -> [Address] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    var status = unsafe getaddrinfo(core.host, String(core.port), &hints, &list)
    if status != 0 {
      // AI_ADDRCONFIG leaves out addresses of a family that only the loopback interface has.
      unsafe hints.ai_flags = AI_NUMERICSERV
      status = unsafe getaddrinfo(core.host, String(core.port), &hints, &list)
    }
    guard status == 0 else {
      throw ResolutionError(core: core, reason: unsafe String(cString: gai_strerror(status)))
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [Address] = []
    var next = unsafe list
    while let entry = unsafe next {
      let bytes = unsafe UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
      if let address = unsafe Address(sockaddr: bytes), !found.contains(address) { found.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return interleaved(found)
  }

  private static func interleaved(_ addresses: [Address]) -> [Address] {
    guard let first = addresses.first else { return [] }
    let preferred = addresses.filter { $0.isIPv6 == first.isIPv6 }
    let others = addresses.filter { $0.isIPv6 != first.isIPv6 }
    var result: [Address] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }
}

/// The core's name could not be resolved.
struct ResolutionError: Error, CustomStringConvertible {
  let core: CoreName
  let reason: String

  var description: String { "the name \(core.host) cannot be resolved: \(reason)" }
}
