import QUICTransport

/// The tickets of one core and application protocol, the newest last (a pure value).
///
/// Each resumes one session: it is spent as soon as a core's TLS has answered an attempt that used it (RFC 8446 §C.4). Until then further
/// attempts use it too, and each is a first flight of its own to the core's record; while a link is dead there may be dozens.
struct TicketShelf: Equatable {
  private(set) var tickets: [StoredTicket] = []

  struct StoredTicket: Equatable {
    var ticket: SessionTicket
    /// When the full handshake was that its session goes back to, in seconds of Unix time.
    var sessionBegan: Int64
  }

  mutating func add(_ ticket: SessionTicket, sessionBegan: Int64) {
    tickets.append(StoredTicket(ticket: ticket, sessionBegan: sessionBegan))
    if tickets.count > Self.capacity { tickets.removeFirst(tickets.count - Self.capacity) }
  }

  /// The newest ticket that is good now; those that are not any more are dropped.
  mutating func newest(unixTime: Int64) -> StoredTicket? {
    tickets.removeAll { !$0.isGood(unixTime: unixTime) }
    return tickets.last
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
  /// Not older than the core takes it, and the certificate that the core has shown is still valid. A ticket from the future says that
  /// a clock was set; its age would be wrong.
  fileprivate func isGood(unixTime: Int64) -> Bool {
    let age = unixTime - sessionBegan
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
      body.append(UInt64(bitPattern: stored.sessionBegan))
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
      guard let began = reader.takeUInt64(), let count = reader.takeUInt64(), count <= SessionTicket.maximumSerializedBytes,
        let stored = reader.take(Int(count)), let ticket = SessionTicket(serialized: Array(stored))
      else { throw .damaged }
      add(ticket, sessionBegan: Int64(bitPattern: began))
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
