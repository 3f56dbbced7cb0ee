internal import CGnuTLS
internal import CSocket

/// A server's protection against early data that is sent again (RFC 8446 §8): GnuTLS's check in front of a `ReplayRecord`.
///
/// One for all TLS contexts of a server, made before the first of them.
@safe
public final class AntiReplay: @unchecked Sendable {
  // Sendable because GnuTLS only reads the object after `init`: with the window of 49 days, the most that it takes, it never begins a
  // new one. With its own window of ten seconds it refuses, from the first early data after each, all tickets from before.
  let context: OpaquePointer?
  let record: any ReplayRecord

  /// Whether tickets that are older than this process, but not than the record, can be used for early data.
  public let coversEarlierTickets: Bool

  public init(record: any ReplayRecord) throws(TLSContextError) {
    self.record = record
    var made = unsafe Made()
    if let beganAt = record.beganAt {
      coversEarlierTickets = unsafe csocket_with_gnutls_time(beganAt, { unsafe AntiReplay.make($0) }, &made)
    } else {
      coversEarlierTickets = false
      unsafe AntiReplay.make(&made)
    }
    guard unsafe made.result == 0 else { throw .libraryFailure(unsafe describeGnuTLS(made.result)) }
    unsafe self.context = made.context
    unsafe gnutls_anti_replay_set_window(context, .max)
    unsafe gnutls_anti_replay_set_ptr(context, Unmanaged.passUnretained(self).toOpaque())
    unsafe gnutls_anti_replay_set_add_function(context) { owner, expiry, key, _ in
      guard let owner = unsafe owner, let key = unsafe key?.pointee else { return GNUTLS_E_DB_ERROR }
      return unsafe Unmanaged<AntiReplay>.fromOpaque(owner)._withUnsafeGuaranteedRef { unsafe $0.add(key, expiry: Int64(expiry)) }
    }
  }

  deinit {
    unsafe gnutls_anti_replay_deinit(context)
  }

  private func add(_ key: gnutls_datum_t, expiry: Int64) -> Int32 {
    // GnuTLS puts the beginning of its window in front of the binder; it differs between servers, the binder does not.
    let bytes = unsafe UnsafeBufferPointer(start: key.data, count: Int(key.size)).dropFirst(AntiReplay.windowPrefixBytes)
    guard let flight = unsafe FlightIdentifier(bytes) else { return GNUTLS_E_DB_ERROR }
    let unixTime = expiry - Int64(UInt32.max / 1000)
    let verdict = record.admit(flight, unixTime: unixTime)
    guard verdict == .new else {
      CurrentHandshake.session?.flightRefusal = verdict
      return GNUTLS_E_DB_ENTRY_EXISTS
    }
    CurrentHandshake.session?.flight = flight
    return 0
  }

  /// GnuTLS refuses early data under tickets that are older than its anti-replay object, because it cannot know that somebody
  /// remembers what came before. A record that has survived a restart does, and the object has no setter for its beginning, only a
  /// clock that it asks. So it is made at a time set back. Where that cannot be done a restart costs each client one round trip more
  /// and nothing else.
  private static func make(_ result: UnsafeMutableRawPointer?) {
    guard let made = unsafe result?.assumingMemoryBound(to: Made.self) else { return }
    unsafe made.pointee.result = gnutls_anti_replay_init(&made.pointee.context)
  }

  @unsafe private struct Made {
    var context: OpaquePointer?
    var result: Int32 = GNUTLS_E_INTERNAL_ERROR
  }

  private static let windowPrefixBytes = 12
}

/// The session whose handshake GnuTLS works on in this thread: its anti-replay function is told of none.
enum CurrentHandshake {
  static var session: TLSSession? {
    guard let owner = unsafe csocket_current_handshake() else { return nil }
    return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
  }

  static func run<Result>(_ session: TLSSession?, _ body: () -> Result) -> Result {
    guard let session else { return body() }
    unsafe csocket_set_current_handshake(Unmanaged.passUnretained(session).toOpaque())
    defer { csocket_set_current_handshake(nil) }
    return body()
  }
}
