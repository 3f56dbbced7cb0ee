import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Synchronization
import Testing

@testable import Network

/// How many tunnels are opened, and what becomes of those that nobody waits for.
@Suite(.alone) struct `Tunnels to origins` {
  private func open(
    _ head: RequestHead, of identity: String = "edge-1", through client: OriginClient
  ) async throws -> OpenTunnel {
    try await client.handler.eventLoop.submit {
      let state = OpenTunnel.State()
      let origin = RequestOrigin(wire: .http3, identity: identity, peerAddress: "test", listener: "link", isSecure: true)
      let sink = client.handler.value.open(ExchangeRequest(head: head, origin: origin), respondingTo: OpenTunnel.Sink(state))
      return OpenTunnel(state: state, request: NIOLoopBound(sink, eventLoop: client.handler.eventLoop))
    }.get()
  }

  private let webSocket: RequestHead = {
    var head = RequestHead(method: "CONNECT", scheme: "https", authority: "a", path: "/", bodyLength: .unknown)
    head.fields.prepend(.protocol, Array("websocket".utf8))
    return head
  }()

  private let connect = RequestHead(fields: [":method": "CONNECT", ":authority": "db:5432"], bodyLength: .unknown)

  @Test(arguments: [(2, 16), (16, 2)])
  func `beyond the limit are refused until others have ended`(perOrigin: Int, perPeer: Int) async throws {
    let origin = try await ScriptedOrigin.silent()
    var limits = NetworkLimits()
    (limits.tunnels.perOrigin, limits.tunnels.perPeer) = (perOrigin, perPeer)
    let service = try Service(name: "db", origins: [OriginURL("tcp://127.0.0.1:\(origin.port)")])
    let client = try await OriginClient.start(service, limits: limits)
    let first = try await open(connect, through: client)
    let second = try await open(connect, through: client)
    #expect(try await eventually { first.isOpen && second.isOpen })
    let third = try await open(connect, through: client)
    #expect(third.error?.cause == .connectionLimitReached && third.error?.status == 503)
    let other = try await open(connect, of: "edge-2", through: client)
    #expect(try await eventually { other.isOpen || other.error != nil })
    #expect(other.isOpen == (perOrigin > 2))
    try await second.cancel()
    if other.isOpen { try await other.cancel() }
    #expect(try await eventually { origin.openCount == 1 })
    let fourth = try await open(connect, through: client)
    #expect(try await eventually { fourth.isOpen })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `that share a connection count as others do`() async throws {
    let origin = try await TunnelListener.start(.http2)
    var limits = NetworkLimits()
    limits.tunnels.perPeer = 2
    let service = try Service(name: "web", origins: [OriginURL("h2c://127.0.0.1:\(origin.port)")], responseHeadTimeout: nil)
    let client = try await OriginClient.start(service, limits: limits)
    let (first, second) = (try await open(webSocket, through: client), try await open(webSocket, through: client))
    #expect(try await eventually { first.isOpen && second.isOpen })
    #expect(try await open(webSocket, through: client).error?.cause == .connectionLimitReached)
    let other = try await open(webSocket, of: "edge-2", through: client)
    #expect(try await eventually { other.isOpen })
    try await second.cancel()
    let next = try await open(webSocket, through: client)
    #expect(try await eventually { next.isOpen })
    try await client.stop()
    try await origin.stop()
  }

  @Test func `that are being opened are given up with their client`() async throws {
    // It accepts and never answers TLS.
    let origin = try await ScriptedOrigin.silent()
    var limits = NetworkLimits()
    limits.originConnect = .minutes(5)
    limits.tunnels.connecting = 1
    let service = try Service(name: "web", origins: [OriginURL("https://127.0.0.1:\(origin.port)")], responseHeadTimeout: nil)
    let client = try await OriginClient.start(service, limits: limits)
    for count in 1...2 {
      let tunnel = try await open(webSocket, through: client)
      #expect(try await eventually { origin.acceptedCount == count })
      #expect(try await open(webSocket, through: client).error?.cause == .connectionLimitReached)
      try await tunnel.cancel()
      #expect(try await eventually { origin.openCount == 0 })
      #expect(tunnel.error == nil)
    }
    try await client.stop()
    try await origin.stop()
  }
}

private struct OpenTunnel: Sendable {
  let state: State
  let request: NIOLoopBound<any RequestSink>

  var isOpen: Bool { state.value.withLock { $0.isOpen } }
  var error: GatewayError? { state.value.withLock { $0.error } }

  func cancel() async throws { try await request.eventLoop.submit { request.value.cancel(.cancelled) }.get() }

  final class State: Sendable {
    let value = Mutex<(isOpen: Bool, error: GatewayError?)>((false, nil))
  }

  final class Sink: ResponseSink {
    private let state: State

    init(_ state: State) {
      self.state = state
    }

    func receiveInterim(_ head: ResponseHead) {}
    func receiveHead(_ head: ResponseHead) { state.value.withLock { $0.isOpen = true } }
    func receiveResponseBody(_ chunk: ByteBuffer) {}
    func receiveResponseEnd(trailers: FieldSection?) {}
    func fail(_ error: GatewayError) { state.value.withLock { $0.error = error } }
    func stopRequest(_ reason: ResetReason) {}
    func requestConsumed(_ byteCount: Int) {}
  }
}
