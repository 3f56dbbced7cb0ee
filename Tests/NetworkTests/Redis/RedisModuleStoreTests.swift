import ModuleProxy
@testable import Network
import NIOCore
import NIOPosix
import Testing

@Suite struct RedisModuleStoreTests {
  /// Says the same to every command.
  private final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let words: [String]

    init(_ words: [String]) { self.words = words }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      for word in words { context.writeAndFlush(NIOAny(ByteBuffer(string: word)), promise: nil) }
    }
  }

  /// What the store makes of a server's reply to its question.
  private func lookup(reply: String...) async throws -> SharedLookup {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let server = try await ServerBootstrap(group: loop)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Parrot(reply)) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    let client = try await loop.submit {
      let client = RedisClient(RedisOptions(host: "127.0.0.1", port: port), eventLoop: loop)
      client.start()
      return NIOLoopBound(client, eventLoop: loop)
    }.get()
    while try await loop.submit({ client.value.trouble != nil }).get() { try await Task.sleep(for: .milliseconds(5)) }
    let found = try await loop.flatSubmit {
      let promise = loop.makePromise(of: SharedLookup.self)
      RedisModuleStore(client.value, service: "modules").find("a", byteLimit: 100) { promise.succeed($0) }
      return promise.futureResult
    }.get()
    try await loop.submit { client.value.stop() }.get()
    try await server.close()
    return found
  }

  @Test func repliesAreWhatTheySay() async throws {
    #expect(try await lookup(reply: "$5\r\nvalue\r\n") == .found(ByteBuffer(string: "value")))
    #expect(try await lookup(reply: "$5\r\nva", "lue\r\n") == .found(ByteBuffer(string: "value")))
    #expect(try await lookup(reply: "$0\r\n\r\n") == .absent)
    #expect(try await lookup(reply: "-WRONGTYPE Operation against a key\r\n") == .absent)
    #expect(try await lookup(reply: "-LOADING it is loading\r\n") == .failed(reason: "it says: LOADING it is loading"))
    #expect(try await lookup(reply: ":7\r\n") == .failed(reason: "its reply is none to GETRANGE"))
  }

  @Test func whatIsNoRedisIsLeft() async throws {
    #expect(try await lookup(reply: "HTTP/1.1 400 Bad Request\r\n") == .failed(reason: "the connection was closed"))
  }

  @Test func aReplyThatDoesNotEndIsCutOff() async throws {
    let megabyte = String(repeating: "x", count: 1 << 20)
    let words = ["$536870912\r\n"] + Array(repeating: megabyte, count: 8)
    #expect(try await lookup(reply: words.joined()) == .failed(reason: "the connection was closed"))
  }
}
