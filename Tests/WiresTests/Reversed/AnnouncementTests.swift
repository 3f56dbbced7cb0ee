import Exchange
import HTTP3
import HTTP3TestSupport
import LinkEmulator
import NIOCore
import QUICTransport
import Testing
@testable import Wires

@Suite struct `Ends of a reversed connection announce themselves` {
  static let edge = EdgeAnnouncement(
    instance: Array(0..<16), version: "1.2.3", services: ["camera", "metrics"], labels: ["site": "berlin", "empty": ""])
  static let core = CoreAnnouncement(instance: Array(16..<32), version: "1.2.4")

  @Test(arguments: [
    Announcement.edge(edge), .core(core), .edge(EdgeAnnouncement(instance: Array(0..<16), version: "1", services: [])),
  ])
  func `what is written is read`(announcement: Announcement) throws {
    #expect(try Self.read(announcement.encoded) == [announcement])
  }

  @Test func `bytes may come in any pieces`() throws {
    let bytes = Announcement.edge(Self.edge).encoded + Announcement.core(Self.core).encoded
    for size in 1...bytes.count {
      var reader = AnnouncementReader()
      var found: [Announcement] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        reader.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
        while let next = try reader.next() { found.append(next) }
      }
      #expect(found == [.edge(Self.edge), .core(Self.core)])
    }
  }

  @Test func `all that the limits allow fits`() throws {
    var edge = Self.edge
    edge.services = (0..<EdgeAnnouncement.Limits.services).map { Self.text("\($0)-", EdgeAnnouncement.Limits.serviceBytes) }
    edge.labels = Dictionary(
      uniqueKeysWithValues: (0..<EdgeAnnouncement.Limits.labels).map {
        (Self.text("\($0)-", EdgeAnnouncement.Limits.labelKeyBytes), Self.text("", EdgeAnnouncement.Limits.labelValueBytes))
      })
    #expect(edge.excess == nil)
    #expect(try Self.read(Announcement.edge(edge).encoded) == [.edge(edge)])
  }

  @Test func `frames and items that are not known are skipped`() throws {
    let unknownItem: [UInt8] = [0x21, 3, 1, 2, 3]
    let frame = Announcement.core(Self.core).encoded
    let longer = [frame[0], frame[1] + UInt8(unknownItem.count)] + unknownItem + frame[2...]
    #expect(try Self.read([0x40, 0x99, 4, 0, 0, 0, 0] + longer + [0x3f, 0] + frame) == [.core(Self.core), .core(Self.core)])
  }

  /// Items that are good by themselves: an instance and a version.
  private static let begin: [UInt8] = [0, 16] + [UInt8](repeating: 1, count: 16) + [1, 1, 0x31]

  private static func frame(_ items: [UInt8]) -> [UInt8] { [0, UInt8(begin.count + items.count)] + begin + items }

  private static let refused: [(String, [UInt8])] = [
    ("a length beyond the frame", [1, 2, 0, 9]),
    ("half an item", [1, 1, 0]),
    ("the largest length", [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ("no instance", [0, 0]),
    ("a short instance", [0, 5, 0, 3, 1, 2, 3]),
    ("an empty service", frame([2, 0])),
    ("a service with a line end", frame([2, 1, 0x0a])),
    ("a service twice", frame([2, 1, 0x61, 2, 1, 0x61])),
    ("a label whose key is longer than it", frame([3, 2, 9, 0x61])),
    ("a label twice", frame([3, 2, 1, 0x61, 3, 2, 1, 0x61])),
    ("no UTF-8", frame([2, 1, 0xff])),
  ]

  @Test(arguments: refused)
  func `what nobody can mean is refused`(name: String, bytes: [UInt8]) {
    #expect(throws: AnnouncementError.self, "\(name)") { try Self.read(bytes) }
  }

  @Test func `too many services are refused before they are kept`() {
    var items: [UInt8] = []
    for index in 0...EdgeAnnouncement.Limits.services { items += [2, 4] + String(1000 + index).utf8 }
    var frame: [UInt8] = [0]
    frame.append(integer: items.count)
    #expect(throws: AnnouncementError.beyondLimits) { try Self.read(frame + items) }
  }

  @Test(arguments: [UInt64](1...200)) func `random bytes and damaged announcements are read or refused`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = Announcement.edge(Self.edge).encoded
    if seed % 2 != 0 { bytes = (0..<200).map { _ in .random(in: 0...255, using: &generator) } }
    for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator) }
    for announcement in (try? Self.read(bytes)) ?? [] {
      if case .edge(let edge) = announcement { #expect(edge.excess == nil) }
    }
  }

  @Test func `the peer is told, and only the newest counts`() throws {
    let (near, far) = (HTTP3Session(role: .server), HTTP3Session(role: .client))
    let (edge, core) = (AnnouncementStream(beside: near), AnnouncementStream(beside: far))
    let link = try MemoryLink(client: edge.application, server: core.application)
    var changed = Self.edge
    changed.services = ["other"]
    edge.send(.edge(Self.edge))
    edge.send(.edge(changed))
    core.send(.core(Self.core))
    while try link.step() {}
    #expect(try core.takeReceived() == .edge(changed))
    #expect(try core.takeReceived() == nil)
    #expect(try edge.takeReceived() == .core(Self.core))
    #expect(link.client.violations == [] && link.server.violations == [])
  }

  private static func read(_ bytes: [UInt8]) throws -> [Announcement] {
    var reader = AnnouncementReader()
    reader.append(ByteBuffer(bytes: bytes))
    var found: [Announcement] = []
    while let next = try reader.next() { found.append(next) }
    return found
  }

  private static func text(_ front: String, _ count: Int) -> String {
    front + String(repeating: "x", count: count - front.utf8.count)
  }
}
