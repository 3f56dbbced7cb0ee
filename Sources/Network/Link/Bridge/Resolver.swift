import Glibc
import NIOPosix
import QUICTransport

/// Resolves the core's name to all its UDP addresses, off the event loops.
struct Resolver: Sendable {
  private let threads: NIOThreadPool

  init(threads: NIOThreadPool = .singleton) {
    self.threads = threads
  }

  /// All addresses in the order of RFC 6724, families alternating (RFC 8305 §4), in the form that a socket of `family` sends to:
  /// for IPv6 sockets, IPv4 addresses are mapped.
  /// - Throws: `ResolutionError` with the system's words.
  func addresses(of core: CoreName, forIPv6Socket isIPv6: Bool) async throws -> [Address] {
    try await threads.runIfActive { try Self.lookUp(core, isIPv6: isIPv6) }
  }

  private static func lookUp(_ core: CoreName, isIPv6: Bool) throws -> [Address] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
    unsafe hints.ai_family = isIPv6 ? AF_INET6 : AF_INET
    let mapping = isIPv6 ? AI_V4MAPPED | AI_ALL : 0
    unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV | mapping
    var list: UnsafeMutablePointer<addrinfo>?
    var status = unsafe getaddrinfo(core.host, String(core.port), &hints, &list)
    if status != 0 {
      // AI_ADDRCONFIG leaves out addresses of a family that only the loopback interface has.
      unsafe hints.ai_flags = AI_NUMERICSERV | mapping
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
    let isFirstMapped = isMapped(first)
    let preferred = addresses.filter { isMapped($0) == isFirstMapped }
    let others = addresses.filter { isMapped($0) != isFirstMapped }
    var result: [Address] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }

  private static func isMapped(_ address: Address) -> Bool { address.host.hasPrefix("::ffff:") }
}

/// The core's name could not be resolved.
struct ResolutionError: Error, CustomStringConvertible {
  let core: CoreName
  let reason: String

  var description: String { "the name \(core.host) cannot be resolved: \(reason)" }
}
