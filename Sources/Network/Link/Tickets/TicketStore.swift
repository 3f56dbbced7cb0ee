import Events
import Observability
import QUICTransport

/// The tickets of one core on disk, so that a restarted edge sends its first request with its first datagram.
///
/// Small files in the kernel's cache, written once or twice a connection: they are read and written on the loop. Lives on the link's
/// loop.
final class TicketStore {
  private var shelf = TicketShelf()
  private var fingerprint: UInt64?
  private let file: TicketFile?
  private let events: any EventSink
  private let unixTime: () -> Int64

  /// - Parameters:
  ///   - folder: nil keeps tickets in memory only.
  ///   - identity: our own name, as tickets carry it.
  init(
    core: CoreName, protocolName: String, identity: String, folder: String?, events: any EventSink,
    unixTime: @escaping () -> Int64 = { WallTime.now().seconds }
  ) {
    file = folder.map { TicketFile(path: "\($0)/\(Self.fileName(identity, "\(core)", protocolName))") }
    self.events = events
    self.unixTime = unixTime
  }

  /// What the next attempt resumes with; nil for a full handshake.
  func newest(under tls: TLSContext) -> TicketShelf.StoredTicket? {
    load(under: tls)
    let count = shelf.tickets.count
    let newest = shelf.newest(unixTime: unixTime())
    // Secrets that are of no use any more do not stay on disk.
    if shelf.tickets.count != count { save() }
    return newest
  }

  /// - Parameter sessionBegan: when the full handshake was that the session goes back to; now, where it was this one.
  func add(_ ticket: SessionTicket, sessionBegan: Int64?, under tls: TLSContext) {
    load(under: tls)
    shelf.add(ticket, sessionBegan: sessionBegan ?? unixTime())
    save()
  }

  /// How old a session is that goes back to a full handshake at that time.
  func age(ofSessionSince began: Int64) -> Duration { .seconds(max(0, unixTime() - began)) }

  /// The core's TLS has answered an attempt with this ticket.
  func spend(_ ticket: SessionTicket) {
    if shelf.spend(ticket) { save() }
  }

  /// Reads the file when it is first needed. After a change of certificate or authorities what there is counts for nothing.
  private func load(under tls: TLSContext) {
    guard fingerprint != tls.trustFingerprint else { return }
    let isFirst = fingerprint == nil
    fingerprint = tls.trustFingerprint
    shelf.removeAll()
    guard isFirst else { return save() }
    guard let file else { return }
    do throws(FileTrouble) {
      guard let bytes = try file.read(upTo: TicketShelf.maximumSerializedBytes) else { return }
      shelf = try TicketShelf.read(bytes, fingerprint: tls.trustFingerprint)
    } catch {
      events.record(
        .earlyDataStorage(file: file.path, reason: "\(error)", consequence: "the file is emptied, the next handshake is a full one"))
      save()
    }
  }

  private func save() {
    guard let file, let fingerprint else { return }
    do throws(FileTrouble) {
      try file.replace(with: shelf.serialized(fingerprint: fingerprint))
    } catch {
      events.record(
        .earlyDataStorage(file: file.path, reason: "\(error)", consequence: "after a restart the first handshake is a full one"))
    }
  }

  private static func fileName(_ parts: String...) -> String {
    parts.map { part in
      String(decoding: part.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }.joined(separator: "+") + ".tickets"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "-"): true
    default: false
    }
  }
}

extension TicketShelf {
  fileprivate static func read(_ bytes: [UInt8], fingerprint: UInt64) throws(FileTrouble) -> TicketShelf {
    do throws(Unreadable) {
      return try TicketShelf(serialized: bytes, fingerprint: fingerprint)
    } catch {
      throw FileTrouble(error.rawValue)
    }
  }
}
