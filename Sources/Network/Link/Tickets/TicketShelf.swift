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
    var body = BigEndianWriter()
    body.append(fingerprint)
    for stored in tickets {
      let ticket = stored.ticket.serialized
      body.append(UInt64(bitPattern: stored.receivedAt))
      body.append(UInt64(ticket.count))
      body.bytes += ticket
    }
    var front = BigEndianWriter()
    front.bytes += Self.magic
    front.append(body.bytes.checksum)
    return front.bytes + body.bytes
  }

  /// Reads what `serialized` gave.
  /// - Throws: `Unreadable`, with the reason for a log line; nothing of a damaged file is used.
  init(serialized bytes: [UInt8], fingerprint: UInt64) throws(Unreadable) {
    guard bytes.starts(with: Self.magic) else { throw .foreign }
    var reader = BigEndianReader(bytes.dropFirst(Self.magic.count))
    guard let sum = reader.takeUInt64(), sum == reader.rest.checksum, let found = reader.takeUInt64() else { throw .damaged }
    guard found == fingerprint else { throw .otherTrust }
    while !reader.isAtEnd {
      guard let received = reader.takeUInt64(), let count = reader.takeUInt64(), count <= SessionTicket.maximumSerializedBytes,
        let stored = reader.take(Int(count)), let ticket = SessionTicket(serialized: Array(stored))
      else { throw .damaged }
      add(ticket, unixTime: Int64(bitPattern: received))
    }
  }

  enum Unreadable: String, Error {
    case foreign = "it is no file of tickets"
    case damaged = "it is damaged"
    case otherTrust = "its tickets were got with another certificate or another CA file"
  }

  static let maximumSerializedBytes = capacity * (SessionTicket.maximumSerializedBytes + 16) + 64

  private static let magic: [UInt8] = Array("quicgw tickets 1\n".utf8)
}
