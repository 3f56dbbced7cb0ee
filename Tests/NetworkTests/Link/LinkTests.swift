import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Network
import TestCertificates
import Testing

@Suite(.alone) struct `Requests cross from edge to core` {
  @Test(arguments: [1, 2], ["http", "h2c"])
  func `content, trailers and identity arrive whole`(loopCount: Int, scheme: String) async throws {
    let site = try await Site.start(loopCount: loopCount, originScheme: scheme)
    for clientScheme in ["http", "h2c"] {
      let client = try await site.client(clientScheme)
      for size in [0, 1, 65_536, 3_000_000] {
        let content = ByteBuffer(repeating: UInt8(size % 251), count: size)
        let head = RequestHead(method: "POST", authority: "origin", path: "/x?y", bodyLength: size == 0 ? .none : .unknown)
        let trailers: FieldSection? = size == 0 ? nil : ["x-checksum": "\(size)"]
        let answer = try await Call.send(head, body: size == 0 ? [] : [content], trailers: trailers, through: client.handler)
        #expect(answer.head.status == 200)
        #expect(answer.head.fields.text(FieldName("saw-quicgw-edge")) == "edge-1")
        #expect(answer.head.fields.text(FieldName("saw-path")) == "/x?y")
        #expect(answer.body == content)
        #expect(answer.trailers?.text(FieldName("x-checksum")) == trailers?.text(FieldName("x-checksum")))
      }
      try await client.stop()
    }
    try await site.stop()
  }

  @Test func `many at once on two loops`() async throws {
    let site = try await Site.start(loopCount: 2)
    let client = try await site.client("h2c")
    let content = ByteBuffer(repeating: 7, count: 20_000)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<300 {
        group.addTask {
          let head = RequestHead(method: "POST", authority: "origin", path: "/", bodyLength: .known(20_000))
          return try await Call.send(head, body: [content], through: client.handler).body == content
        }
      }
      for try await isWhole in group { #expect(isWhole) }
    }
    try await client.stop()
    try await site.stop()
  }

  @Test func `clients cannot forge an identity`() async throws {
    let site = try await Site.start()
    let client = try await site.client("http")
    let head = RequestHead(method: "GET", authority: "origin", path: "/", fields: ["quicgw-edge": "admin"])
    let answer = try await Call.send(head, through: client.handler)
    #expect(answer.head.fields.all(FieldName("saw-quicgw-edge")).map { String(decoding: $0, as: UTF8.self) } == ["edge-1"])
    try await client.stop()
    try await site.stop()
  }
}

@Suite(.alone) struct `A link that cannot be made is told to clients` {
  private func answerWithout(_ start: (TestAuthority, CoreRuntime) async throws -> EdgeRuntime) async throws -> Call.Answer {
    let authority = try TestAuthority()
    let core = try await Site.startCore(authority: authority, policy: .defaults)
    let edge = try await start(authority, core)
    let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    let answer = try await Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: client.handler)
    try await client.stop()
    try await edge.drain()
    try await core.drain()
    return answer
  }

  private func expectUnavailable(_ answer: Call.Answer) {
    #expect(answer.head.status == 503)
    #expect(answer.head.fields.text(.proxyStatus)?.contains("destination_unavailable") == true)
  }

  @Test func `an edge with a certificate of another CA`() async throws {
    expectUnavailable(
      try await answerWithout { authority, core in
        try await Site.startEdge(
          leaf: TestAuthority().client("edge-1"), authority: authority, corePort: core.localAddress.port, linkWait: .milliseconds(500))
      })
  }

  @Test func `a core that has another name`() async throws {
    expectUnavailable(
      try await answerWithout { authority, core in
        try await Site.startEdge(
          leaf: authority.client("edge-1"), authority: authority, corePort: core.localAddress.port, serverName: "other.example",
          linkWait: .milliseconds(500))
      })
  }

  @Test func `a request that waits is answered when the core comes up`() async throws {
    let authority = try TestAuthority()
    let first = try await Site.startCore(authority: authority, policy: .defaults)
    let port = first.localAddress.port
    try await first.drain()
    let edge = try await Site.startEdge(leaf: authority.client("edge-1"), authority: authority, corePort: port, linkWait: .seconds(20))
    let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(edge.listenerAddresses[0].port ?? 0)"))
    async let answer = Call.send(RequestHead(method: "GET", authority: "origin", path: "/"), through: client.handler)
    let core = try await Site.startCore(authority: authority, policy: .defaults, port: port)
    // A core without services answers 404 itself: the request has crossed.
    #expect(try await answer.head.status == 404)
    try await client.stop()
    try await edge.drain()
    try await core.drain()
  }
}
