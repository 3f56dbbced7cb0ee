public import Exchange
import HTTP3

/// What the ends of a reversed connection say of themselves, each on a unidirectional stream of its own that stays open.
///
/// The stream is a sequence of frames, a frame a sequence of items; both are a type, a length and so many bytes, type and length
/// variable-length integers (RFC 9000 §16). Types that are not known are skipped, so that later versions can say more.
public enum Announcement: Sendable, Equatable {
  /// An edge: in its first flight, and whenever something of it changes.
  case edge(EdgeAnnouncement)
  /// A core, once: by its instance an edge notices that two of its cores' names lead to the same process.
  case core(CoreAnnouncement)

  /// The frame's bytes.
  var encoded: [UInt8] {
    var items: [UInt8] = []
    switch self {
    case .edge(let edge):
      items.append(item: .instance, edge.instance)
      items.append(item: .version, edge.version.utf8)
      for service in edge.services { items.append(item: .service, service.utf8) }
      for (key, value) in edge.labels.sorted(by: { $0.key < $1.key }) {
        var label: [UInt8] = []
        label.append(integer: key.utf8.count)
        label += key.utf8
        label += value.utf8
        items.append(item: .label, label)
      }
    case .core(let core):
      items.append(item: .instance, core.instance)
      items.append(item: .version, core.version.utf8)
    }
    var frame: [UInt8] = []
    frame.append(integer: (isEdge ? AnnouncementFrame.edge : .core).rawValue)
    frame.append(integer: items.count)
    return frame + items
  }

  private var isEdge: Bool {
    if case .edge = self { return true }
    return false
  }

  /// Reserved for this use by nobody but quicgw, whose ends know each other by it.
  static let streamType = ExtensionStreamType(0x2c51_3d7a)
}

/// What a core says of itself on a reversed connection.
public struct CoreAnnouncement: Sendable, Equatable {
  /// 16 random bytes of this run of the core's process.
  public var instance: [UInt8]
  /// The build of the core, for logs.
  public var version: String

  public init(instance: [UInt8], version: String) {
    self.instance = instance
    self.version = version
  }
}

enum AnnouncementFrame: Int {
  case edge = 0
  case core = 1
}

enum AnnouncementItem: Int {
  case instance = 0
  case version = 1
  case service = 2
  /// The length of its key, its key, and its value up to the end of the item.
  case label = 3
}

extension [UInt8] {
  /// A variable-length integer below 2^30 in its shortest form.
  mutating func append(integer: Int) {
    let value = UInt32(integer)
    switch value {
    case 0..<(1 << 6): append(UInt8(value))
    case 0..<(1 << 14): self += [0x40 | UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    default: self += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) | ($0 == 0 ? 0x80 : 0) }
    }
  }

  fileprivate mutating func append(item: AnnouncementItem, _ bytes: some Collection<UInt8>) {
    append(integer: item.rawValue)
    append(integer: bytes.count)
    self += bytes
  }
}
