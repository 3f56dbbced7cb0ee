import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Testing

@testable import Network

@Suite(.alone) struct `The wait for an answer has an end, and a request that moves has not` {
  private func client(_ port: Int, _ limit: Duration) async throws -> OriginClient {
    try await OriginClient.start(
      Service(name: "origin", origins: [OriginURL("http://127.0.0.1:\(port)")], responseHeadTimeout: limit))
  }

  private func post(_ length: BodyLength = .unknown, type: String? = nil) -> RequestHead {
    var fields = FieldSection()
    if let type { fields.append(.contentType, type) }
    return RequestHead(method: "POST", authority: "origin", path: "/", fields: fields, bodyLength: length)
  }

  private func cause(_ head: RequestHead, body: [ByteBuffer], through client: OriginClient) async -> GatewayError.Cause? {
    await #expect(throws: GatewayError.self) { try await Call.send(head, body: body, ends: false, through: client.handler) }?.cause
  }

  @Test func `an origin that reads nothing of the request`() async throws {
    let origin = try await ScriptedOrigin.start(reads: false) { _, _ in }
    let client = try await client(origin.port, .milliseconds(300))
    // More than the sockets hold.
    let content = ByteBuffer(repeating: 1, count: 8_000_000)
    #expect(await cause(post(), body: [content], through: client) == .httpResponseTimeout)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a client that sends no more of the request`() async throws {
    let origin = try await ScriptedOrigin.silent()
    let client = try await client(origin.port, .milliseconds(200))
    #expect(await cause(post(), body: [ByteBuffer(string: "x")], through: client) == .httpRequestTimeout)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `an origin that has the whole request is waited for from then on`() async throws {
    let origin = try await ScriptedOrigin.silent()
    let client = try await client(origin.port, .milliseconds(800))
    let start = ContinuousClock.now
    let chunks = [ByteBuffer](repeating: ByteBuffer(string: "x"), count: 3)
    let error = await #expect(throws: GatewayError.self) {
      try await Call.send(post(), body: chunks, pace: .milliseconds(150), through: client.handler)
    }
    #expect(error?.cause == .httpResponseTimeout)
    #expect(ContinuousClock.now - start >= .milliseconds(1400))
    try await client.stop()
    try await origin.stop()
  }

  @Test func `a slow upload is not cut`() async throws {
    let origin = try await ScriptedOrigin.start { peer, bytes in
      guard let bytes, String(buffer: bytes).hasSuffix("0\r\n\r\n") else { return }
      peer.send(ScriptedOrigin.okay)
    }
    let client = try await client(origin.port, .seconds(1))
    let chunks = [ByteBuffer](repeating: ByteBuffer(string: "x"), count: 8)
    #expect(try await Call.send(post(), body: chunks, pace: .milliseconds(200), through: client.handler).head.status == 200)
    try await client.stop()
    try await origin.stop()
  }

  @Test func `gRPC calls have no such limit`() async throws {
    let origin = try await ScriptedOrigin.start { peer, bytes in
      if bytes != nil { peer.send(ScriptedOrigin.okay, after: .milliseconds(600)) }
    }
    let client = try await client(origin.port, .milliseconds(100))
    let head = post(.known(1), type: "application/grpc")
    #expect(try await Call.send(head, body: [ByteBuffer(string: "x")], through: client.handler).head.status == 200)
    try await client.stop()
    try await origin.stop()
  }
}
