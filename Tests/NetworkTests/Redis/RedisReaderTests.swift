import NIOCore
@testable import Network
import Testing

@Suite struct `What is said to Redis` {
  @Test func `a command has the protocol's form`() throws {
    let bytes = try #require(RedisReader.format(["SET", "a b", "", "ü"].map { ByteBuffer(string: $0) }))
    #expect(String(buffer: bytes) == "*4\r\n$3\r\nSET\r\n$3\r\na b\r\n$0\r\n\r\n$2\r\nü\r\n")
  }

  @Test func `replies are read however they are cut`() throws {
    let text = "+OK\r\n$-1\r\n-ERR no\r\n:5\r\n$2\r\nab\r\n"
    for size in 1...text.utf8.count {
      let reader = RedisReader()
      var replies: [RedisReply] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        reader.feed(ByteBuffer(bytes: rest.prefix(size)))
        rest = rest.dropFirst(size)
        while let reply = try reader.next() { replies.append(reply) }
      }
      #expect(replies == [.status, .nothing, .error("ERR no"), .other, .content(ByteBuffer(string: "ab"))])
    }
  }

  @Test func `what is no Redis is malformed`() {
    let reader = RedisReader()
    reader.feed(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n"))
    #expect(throws: RedisReader.Malformed.self) { try reader.next() }
  }
}
