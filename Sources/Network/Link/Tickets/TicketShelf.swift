import QUICTransport

/// The tickets of one core and application protocol, the newest last (a pure value).
///
/// Each resumes one session: it is spent as soon as the core has answered an attempt that used it (RFC 8446 §C.4). Until then further
/// attempts use it too; while a link is dead there may be dozens, and a core that was not reached has seen none of them.
struct TicketShelf: Equatable {
  private(set) var tickets: [StoredTicket] = []

  struct StoredTicket: Equatable {
    var ticket: SessionTicket
    /// Seconds of Unix time.
    var receivedAt: Int64
  }

  mutating func add(_ ticket: SessionTicket, unixTime: Int64) {
    tickets.append(StoredTicket(ticket: ticket, receivedAt: unixTime))
    if tickets.count > Self.capacity { tickets.removeFirst(tickets.count - Self.capacity) }
  }

  /// The newest ticket that is good now; those that are not any more are dropped.
  mutating func newest(unixTime: Int64) -> SessionTicket? {
    tickets.removeAll { !$0.isGood(unixTime: unixTime) }
    return tickets.last?.ticket
  }

  /// - Returns: whether it was there.
  mutating func spend(_ ticket: SessionTicket) -> Bool {
    let before = tickets.count
    tickets.removeAll { $0.ticket == ticket }
    return tickets.count != before
  }

  mutating func removeAll() { tickets.removeAll() }

  static let capacity = 4
}

extension TicketShelf.StoredTicket {
  /// Younger than the core's promise, and the certificate that the core has shown is still valid. A ticket from the future says that
  /// a clock was set; its age would be wrong.
  fileprivate func isGood(unixTime: Int64) -> Bool {
    let age = unixTime - receivedAt
    return age >= 0 && age < Int64(TicketLifetime.seconds - Self.marginSeconds) && unixTime < ticket.serverCertificateExpiry
  }

  /// For a flight that is under way for long.
  private static let marginSeconds = 60
}

extension TicketShelf {
  /// Bytes for a file.
  /// - Parameter fingerprint: of the certificate and the authorities that the tickets were got under.
  func serialized(fingerprint: UInt64) -> [UInt8] {
    var body = Self.bytes(fingerprint)
    for stored in tickets {
      let ticket = stored.ticket.serialized
      body += Self.bytes(UInt64(bitPattern: stored.receivedAt)) + Self.bytes(UInt64(ticket.count)) + ticket
    }
    return Self.magic + Self.bytes(Self.checksum(body)) + body
  }

  /// Reads what `serialized` gave.
  /// - Throws: `Unreadable`, with the reason for a log line; nothing of a damaged file is used.
  init(serialized bytes: [UInt8], fingerprint: UInt64) throws(Unreadable) {
    guard bytes.starts(with: Self.magic) else { throw .foreign }
    var rest = bytes.dropFirst(Self.magic.count)
    guard let sum = Self.take(&rest), sum == Self.checksum(rest), let found = Self.take(&rest) else { throw .damaged }
    guard found == fingerprint else { throw .otherTrust }
    while !rest.isEmpty {
      guard let received = Self.take(&rest), let count = Self.take(&rest), count <= SessionTicket.maximumSerializedBytes,
        count <= rest.count, let ticket = SessionTicket(serialized: Array(rest.prefix(Int(count))))
      else { throw .damaged }
      rest = rest.dropFirst(Int(count))
      add(ticket, unixTime: Int64(bitPattern: received))
    }
  }

  enum Unreadable: String, Error {
    case foreign = "it is no file of tickets"
    case damaged = "it is damaged"
    case otherTrust = "its tickets were got with another certificate or another CA file"
  }

  static let maximumSerializedBytes = capacity * (SessionTicket.maximumSerializedBytes + 16) + 64

  private static func take(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    guard rest.count >= 8 else { return nil }
    defer { rest = rest.dropFirst(8) }
    return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// FNV-1a, against disks and editors.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static let magic: [UInt8] = Array("quicgw tickets 1\n".utf8)
}
