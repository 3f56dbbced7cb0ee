internal import Glibc

extension Address {
  /// Copies a `sockaddr_in` or `sockaddr_in6`; nil for another family or too few bytes.
  public init?(sockaddr bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 16 else { return nil }
    let count: Int
    switch unsafe bytes.loadUnaligned(as: UInt16.self) {
    case Address.familyIPv4: count = 16
    case Address.familyIPv6 where bytes.count >= 28: count = 28
    default: return nil
    }
    self.init()
    unsafe withUnsafeMutableBytes(of: &self) { storage in
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
    normalize()
  }

  /// Reads a numeric address such as `192.0.2.7` or `2001:db8::7`; nil when `ipAddress` is not one.
  public init?(ipAddress: String, port: UInt16) {
    self.init()
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if unsafe inet_pton(AF_INET, ipAddress, &v4.sin_addr) == 1 {
      v4.sin_family = Address.familyIPv4
      v4.sin_port = port.bigEndian
      unsafe withUnsafeBytes(of: v4) { unsafe copy($0) }
    } else if unsafe inet_pton(AF_INET6, ipAddress, &v6.sin6_addr) == 1 {
      v6.sin6_family = Address.familyIPv6
      v6.sin6_port = port.bigEndian
      unsafe withUnsafeBytes(of: v6) { unsafe copy($0) }
    } else {
      return nil
    }
    normalize()
  }

  /// Lends the `sockaddr`, `byteCount` bytes.
  @inline(__always)
  public func withSockaddr<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe withUnsafeBytes(of: self) { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<byteCount])) }
  }

  /// The address without the port, as text.
  public var host: String {
    unsafe withSockaddr { bytes in
      unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
        let family = isIPv6 ? AF_INET6 : AF_INET
        let offset = isIPv6 ? 8 : 4
        let address = unsafe bytes.baseAddress.map { unsafe $0 + offset }
        guard unsafe inet_ntop(family, address, text.baseAddress, socklen_t(text.count)) != nil else { return "?" }
        return unsafe String(cString: UnsafePointer(text.baseAddress.unsafelyUnwrapped))
      }
    }
  }

  private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
    unsafe withUnsafeMutableBytes(of: &self) { unsafe $0.copyMemory(from: bytes) }
  }

  static let familyIPv4 = UInt16(AF_INET)
  static let familyIPv6 = UInt16(AF_INET6)
}

extension Address: CustomStringConvertible {
  /// `192.0.2.7:4433`, also for its IPv4-mapped form, or `[2001:db8::7]:4433`.
  public var description: String {
    let host = host
    guard isIPv6 else { return "\(host):\(port)" }
    return host.hasPrefix("::ffff:") ? "\(host.dropFirst(7)):\(port)" : "[\(host)]:\(port)"
  }
}
