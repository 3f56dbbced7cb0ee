import Glibc
import Observability
import Testing

@Suite struct ServiceNotifierTests {
  @Test(
    arguments: [
      (.ready(status: "listening on [::]:4433"), "READY=1\nSTATUS=listening on [::]:4433\n"),
      (.reloading(monotonicMicroseconds: 12_345_678), "RELOADING=1\nMONOTONIC_USEC=12345678\n"),
      (.stopping(status: "draining"), "STOPPING=1\nSTATUS=draining\n"), (.status("link is up"), "STATUS=link is up\n"),
      (.watchdog, "WATCHDOG=1\n"), (.status("two\nlines\r\nREADY=1"), "STATUS=two lines READY=1\n"),
      (.status("a\0b"), "STATUS=a b\n"),
    ] as [(ServiceMessage, String)])
  func `messages are assignments, one a line`(message: ServiceMessage, text: String) {
    #expect(message.text == text)
  }

  @Test func `messages reach a socket in the file system`() throws {
    let folder = "/tmp/quicgw-notify-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    mkdir(folder, 0o700)
    defer { rmdir(folder) }
    let path = folder + "/notify"
    defer { unlink(path) }
    let socket = try Receiver(path)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": path].get)
    #expect(notifier.isActive)
    try notifier.send(.ready(status: "up"))
    try notifier.send(.watchdog)
    #expect(socket.receive() == "READY=1\nSTATUS=up\n")
    #expect(socket.receive() == "WATCHDOG=1\n")
  }

  @Test func `messages reach an abstract socket`() throws {
    let path = "@quicgw-notify-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    let socket = try Receiver(path)
    try ServiceNotifier(environment: ["NOTIFY_SOCKET": path].get).send(.stopping(status: "draining"))
    #expect(socket.receive() == "STOPPING=1\nSTATUS=draining\n")
  }

  @Test func `a reload carries the time of the monotonic clock`() {
    var before = timespec()
    clock_gettime(CLOCK_MONOTONIC, &before)
    guard case .reloading(let microseconds) = ServiceNotifier.reloading() else { return #expect(Bool(false)) }
    #expect(microseconds >= UInt64(before.tv_sec) * 1_000_000 + UInt64(before.tv_nsec) / 1_000)
  }

  @Test func `nobody listening is no error`() throws {
    let notifier = ServiceNotifier(environment: [:].get)
    #expect(!notifier.isActive)
    try notifier.send(.ready(status: "up"))
    try ServiceNotifier(environment: ["NOTIFY_SOCKET": ""].get).send(.watchdog)
  }

  @Test(arguments: [
    ("/tmp/quicgw-nobody-made-this", ENOENT), ("relative/path", EAFNOSUPPORT), ("vsock:2:1", EAFNOSUPPORT), ("/", ENAMETOOLONG),
    ("/" + String(repeating: "x", count: 200), ENAMETOOLONG), ("/" + String(repeating: "x", count: 107), ENAMETOOLONG),
    ("/" + String(repeating: "x", count: 106), ENOENT),
  ])
  func `an address that cannot be reached says so in a sentence`(address: String, code: Int32) {
    let error = #expect(throws: ServiceNotifierError.self) {
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": address].get).send(.watchdog)
    }
    #expect(error?.code == code)
    #expect(error?.description.contains("NOTIFY_SOCKET=\(address)") == true)
  }

  @Test(
    arguments: [
      (["WATCHDOG_USEC": "30000000"], .seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"], .seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], nil), (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "soon"], nil),
      ([:], nil),
    ] as [([String: String], Duration?)])
  func `the watchdog's period is for this process only`(variables: [String: String], period: Duration?) {
    let environment = variables.merging(["NOTIFY_SOCKET": "@x"]) { $1 }
    #expect(ServiceNotifier(environment: environment.get).watchdogPeriod == period)
    #expect(ServiceNotifier(environment: variables.get).watchdogPeriod == nil)
  }
}

extension [String: String] {
  /// This dictionary as an environment.
  fileprivate var get: (String) -> String? { { self[$0] } }
}

/// A service manager's socket.
private final class Receiver {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let isAbstract = path.hasPrefix("@")
    if isAbstract { address.sun_path.0 = 0 }
    let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + bytes.count + (isAbstract ? 0 : 1))
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  /// The next datagram; they are there before `send` returns.
  func receive() -> String {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &bytes, bytes.count, Int32(truncatingIfNeeded: MSG_DONTWAIT))
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
