import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Network
import Testing

@Suite struct `Origins are reached over kept connections` {
  @Test(arguments: ["http", "h2c"]) func `a request and its content come back`(scheme: String) async throws {
    let server = try await HandlerServer.start(on: SocketAddress(ipAddress: "127.0.0.1", port: 0), name: "echo") { _ in EchoHandler() }
    let client = try await OriginClient.start(OriginURL("\(scheme)://127.0.0.1:\(server.localAddress.port ?? 0)"))
    for size in [0, 1, 65_536, 3_000_000] {
      let content = ByteBuffer(repeating: UInt8(size % 251), count: size)
      let head = RequestHead(method: "POST", authority: "origin", path: "/x?y", bodyLength: size == 0 ? .none : .unknown)
      let answer = try await Call.send(head, body: size == 0 ? [] : [content], through: client.handler)
      #expect(answer.head.status == 200)
      #expect(answer.head.fields.text(FieldName("saw-path")) == "/x?y")
      #expect(answer.body == content)
    }
    try await client.stop()
    try await server.stop()
  }

  @Test func `a refused connection is an error that says so`() async throws {
    let server = try await HandlerServer.start(on: SocketAddress(ipAddress: "127.0.0.1", port: 0), name: "echo") { _ in EchoHandler() }
    let port = server.localAddress.port ?? 0
    try await server.stop()
    let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(port)"))
    let error = await #expect(throws: GatewayError.self) {
      try await Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: client.handler)
    }
    #expect(error?.cause == .connectionRefused)
    #expect(error?.retry == .safe)
    try await client.stop()
  }

  @Test(.timeLimit(.minutes(1))) func `a socket of this machine that is not there is an error that says so`() async throws {
    let client = try await OriginClient.start(OriginURL("unix:/nowhere/quicgw-test.sock"))
    for _ in 0..<2 {
      let error = await #expect(throws: GatewayError.self) {
        try await Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: client.handler)
      }
      #expect(error?.cause == .connectionRefused)
      #expect(error?.message.contains("unix:/nowhere/quicgw-test.sock") == true)
    }
    try await client.stop()
  }
}
