import CSocket
import Glibc

/// Tells the service manager (systemd) about this process over the datagram socket that `NOTIFY_SOCKET` names; silent where
/// there is none.
public struct ServiceNotifier: Sendable {
  /// How often `watchdog` is to be sent at least (`WATCHDOG_USEC`); half of it is the usual pace. Nil when nobody watches, or
  /// when another process is watched (`WATCHDOG_PID`).
  public let watchdogPeriod: Duration?

  /// The socket's address, beginning with `/`, or with `@` for an abstract one.
  private let address: String?

  /// - Parameter environment: reads a variable of the environment.
  public init(environment: (String) -> String? = Self.environmentVariable) {
    let socket = environment("NOTIFY_SOCKET") ?? ""
    address = socket.isEmpty ? nil : socket
    let isForUs = environment("WATCHDOG_PID").map { Int32($0) == getpid() } ?? true
    let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
    watchdogPeriod = isForUs && microseconds > 0 && address != nil ? .microseconds(microseconds) : nil
  }

  /// Whether anybody listens.
  public var isActive: Bool { address != nil }

  /// Sends one message; does nothing when nobody listens. Blocks for at most a second when the manager is slow.
  /// - Throws: when the socket cannot be reached; the process can go on.
  public func send(_ message: ServiceMessage) throws(ServiceNotifierError) {
    guard let address else { return }
    let path = Array(address.utf8)
    let text = Array(message.text.utf8)
    let result = unsafe csocket_notify(path, path.count, text, text.count)
    guard result < 0 else { return }
    throw ServiceNotifierError(address: address, code: -result)
  }

  /// `reloading` with the time that systemd compares with its own.
  public static func reloading() -> ServiceMessage {
    .reloading(monotonicMicroseconds: monotonicMicroseconds())
  }

  /// A variable of the process's environment.
  public static func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}

/// The service manager could not be told something.
public struct ServiceNotifierError: Error, CustomStringConvertible {
  let address: String
  /// An `errno` value.
  public let code: Int32

  public var description: String {
    "the service manager cannot be told through NOTIFY_SOCKET=\(address): \(unsafe String(cString: strerror(code)))"
  }
}
