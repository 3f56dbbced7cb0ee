import Exchange
import NIOCore

/// Reads announcements from a stream, however its bytes are cut (a pure value). Holds one frame at most, up to a bound.
struct AnnouncementReader {
  private var buffer = ByteBuffer()

  mutating func append(_ bytes: ByteBuffer) {
    buffer.discardReadBytes()
    buffer.writeImmutableBuffer(bytes)
  }

  /// The next announcement; nil when more bytes are needed for it.
  /// - Throws: what is wrong with the peer's bytes; nothing more is read from it then.
  mutating func next() throws(AnnouncementError) -> Announcement? {
    while true {
      var rest = buffer
      guard let type = rest.readVariableLengthInteger(), let length = rest.readVariableLengthInteger() else { return nil }
      guard length <= Self.maximumFrameBytes else { throw .tooLarge }
      guard let payload = rest.readSlice(length: Int(length)) else { return nil }
      buffer = rest
      switch Int(exactly: type).flatMap(AnnouncementFrame.init) {
      case .edge: return .edge(try Self.readEdge(payload))
      case .core: return .core(try Self.readCore(payload))
      case nil: continue
      }
    }
  }

  private static func readEdge(_ payload: ByteBuffer) throws(AnnouncementError) -> EdgeAnnouncement {
    var edge = EdgeAnnouncement(instance: [], version: "", services: [])
    var known: Set<String> = []
    try readItems(payload) { item, value throws(AnnouncementError) in
      switch item {
      case .instance: edge.instance = Array(value.readableBytesView)
      case .version: edge.version = String(buffer: value)
      case .service:
        let name = String(buffer: value)
        guard known.insert(name).inserted, known.count <= EdgeAnnouncement.Limits.services else { throw .beyondLimits }
        edge.services.append(name)
      case .label:
        var value = value
        guard let length = value.readVariableLengthInteger(), let key = value.readSlice(length: Int(length)),
          edge.labels.updateValue(String(buffer: value), forKey: String(buffer: key)) == nil,
          edge.labels.count <= EdgeAnnouncement.Limits.labels
        else { throw .malformed }
      }
    }
    guard edge.excess == nil else { throw .beyondLimits }
    return edge
  }

  private static func readCore(_ payload: ByteBuffer) throws(AnnouncementError) -> CoreAnnouncement {
    var edge = EdgeAnnouncement(instance: [], version: "", services: [])
    try readItems(payload) { item, value throws(AnnouncementError) in
      switch item {
      case .instance: edge.instance = Array(value.readableBytesView)
      case .version: edge.version = String(buffer: value)
      case .service, .label: break
      }
    }
    guard edge.excess == nil else { throw .beyondLimits }
    return CoreAnnouncement(instance: edge.instance, version: edge.version)
  }

  private static func readItems(
    _ payload: ByteBuffer, _ take: (AnnouncementItem, ByteBuffer) throws(AnnouncementError) -> Void
  ) throws(AnnouncementError) {
    var rest = payload
    while rest.readableBytes > 0 {
      guard let type = rest.readVariableLengthInteger(), let length = rest.readVariableLengthInteger(),
        let value = rest.readSlice(length: Int(length))
      else { throw .malformed }
      guard let item = Int(exactly: type).flatMap(AnnouncementItem.init) else { continue }
      try take(item, value)
    }
  }

  /// Enough for all that the limits allow.
  private static let maximumFrameBytes = 128 << 10
}

/// What is wrong with the bytes of a peer that announces itself.
enum AnnouncementError: Error {
  case malformed
  case tooLarge
  case beyondLimits
}

extension ByteBuffer {
  /// RFC 9000 §16; nil when not all of it is there, and then nothing is taken.
  fileprivate mutating func readVariableLengthInteger() -> UInt64? {
    guard let first = readableBytesView.first else { return nil }
    let length = 1 << Int(first >> 6)
    guard var bytes = readSlice(length: length)?.readableBytesView[...] else { return nil }
    let begin = UInt64(bytes.removeFirst() & 0x3f)
    return bytes.reduce(begin) { $0 << 8 | UInt64($1) }
  }
}
