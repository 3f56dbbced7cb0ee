import Glibc

/// A TCP socket of the system without anything on top: reads when it is told to, and knows FIN from RST.
final class RawSocket: Sendable {
  /// What a read brought.
  enum Received: Equatable {
    case bytes(Int), nothing, end, reset
  }

  private let descriptor: CInt

  private init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Connects with small buffers and segments, so that the sender's kernel takes little ahead of the reader.
  init(connectingTo port: Int) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    set(SOL_SOCKET, SO_RCVBUF, 4096)
    set(CInt(IPPROTO_TCP), TCP_MAXSEG, 536)
    var address = Self.loopback(port: UInt16(port))
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw Failure(code: errno) }
  }

  /// Listens on a port that the system chose; never reads from what it accepts.
  static func listening() throws -> (RawSocket, port: Int) {
    let listener = RawSocket(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener.descriptor, pointer, length) == 0 && listen(listener.descriptor, 8) == 0
          ? getsockname(listener.descriptor, pointer, &length) : -1
      }
    }
    guard result == 0 else { throw Failure(code: errno) }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// The next connection; nil when there is none.
  func accepted() -> RawSocket? {
    guard isReady(Int16(POLLIN)) else { return nil }
    let descriptor = accept(descriptor, nil, nil)
    return descriptor < 0 ? nil : RawSocket(descriptor)
  }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  /// Says FIN and reads on.
  func endOutput() { shutdown(descriptor, CInt(SHUT_WR)) }

  func read(atMost count: Int) -> Received {
    var bytes = [UInt8](repeating: 0, count: count)
    let received = recv(descriptor, &bytes, count, CInt(MSG_DONTWAIT))
    if received > 0 { return .bytes(received) }
    if received == 0 { return .end }
    return errno == EAGAIN ? .nothing : .reset
  }

  /// Whether the peer has reset the connection, whatever is still to be read.
  var isReset: Bool { isReady(Int16(POLLERR)) }

  private func isReady(_ events: Int16) -> Bool {
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & events != 0
  }

  private func set(_ level: CInt, _ name: CInt, _ value: CInt) {
    var value = value
    setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  struct Failure: Error {
    let code: CInt
  }
}

/// Files of /proc, which have no size before they are read.
enum ProcText {
  static func read(_ path: String) throws -> String {
    let file = Glibc.open(path, O_RDONLY)
    guard file >= 0 else { throw RawSocket.Failure(code: errno) }
    defer { Glibc.close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = Glibc.read(file, &piece, piece.count), count > 0 { text += piece[..<count] }
    return String(decoding: text, as: UTF8.self)
  }
}
