@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct SharedEntryTests {
  private static let key = "example.test/a/@v/v1.0.0.mod"
  private static let answer = SmallAnswer(
    contentType: "text/plain; charset=utf-8", entityTag: "\"x\"", fetchedAt: 1_800_000_000, body: ByteBuffer(string: "module a\n\n"))

  @Test func whatGoesInComesOut() throws {
    let entry = try #require(SharedEntry.encoded(Self.answer, key: Self.key))
    let read = try #require(SharedEntry.decoded(entry, key: Self.key))
    #expect((read.contentType, read.entityTag, read.fetchedAt) == ("text/plain; charset=utf-8", "\"x\"", 1_800_000_000))
    #expect(read.body == Self.answer.body)
    var plain = Self.answer
    plain.entityTag = nil
    plain.body = ByteBuffer()
    let empty = try #require(SharedEntry.encoded(plain, key: Self.key).flatMap { SharedEntry.decoded($0, key: Self.key) })
    #expect(empty.entityTag == nil && empty.body.readableBytes == 0)
  }

  @Test func nothingElseIsRead() throws {
    let entry = try #require(SharedEntry.encoded(Self.answer, key: Self.key))
    #expect(SharedEntry.decoded(entry, key: "example.test/b/@v/v1.0.0.mod") == nil, "it was moved")
    let bytes = Array(entry.readableBytesView)
    for count in 0..<bytes.count { #expect(SharedEntry.decoded(ByteBuffer(bytes: bytes[..<count]), key: Self.key) == nil) }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(SharedEntry.decoded(ByteBuffer(bytes: damaged), key: Self.key) == nil, "byte \(place)")
    }
    for rubbish in ["", "\n", "quicgw module 1\n", "quicgw module 1\n\n\n\n\n\n", String(repeating: "x", count: 5000)] {
      #expect(SharedEntry.decoded(ByteBuffer(string: rubbish), key: Self.key) == nil)
    }
  }

  @Test func onlyWhatIsShortAndCleanIsShared() {
    var answer = Self.answer
    answer.contentType = "text/plain\r\nset-cookie: a=b"
    #expect(SharedEntry.encoded(answer, key: Self.key) == nil)
    answer = Self.answer
    answer.body = ByteBuffer(repeating: 0x20, count: SharedEntry.byteLimit)
    #expect(SharedEntry.encoded(answer, key: Self.key) == nil)
  }
}
