import Exchange
import HTTPMessage
import NIOCore
import NIOPosix
import Synchronization

/// Two real event loops with the ways between them: exchanges are opened on `near` and answered on `far`.
final class TwoLoops: Sendable {
  let near: any EventLoop
  let far: any EventLoop

  private init(near: any EventLoop, far: any EventLoop) {
    self.near = near
    self.far = far
  }

  static func run(_ body: (TwoLoops) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let loops = TwoLoops(near: group.next(), far: group.next())
    do {
      try await body(loops)
    } catch {
      try await group.shutdownGracefully()
      throw error
    }
    try await group.shutdownGracefully()
  }

  func onNear<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await near.submit(body).get()
  }

  func onFar<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await far.submit(body).get()
  }

  /// Makes a server on the far loop and a way to it from the near one.
  func connect(_ script: @escaping @Sendable (ServerExchange) -> Void = { _ in }) async throws -> Connected {
    let (server, back) = try await onFar { [near, far] in
      let handOver = HandOver(from: LoopTurn(eventLoop: far), to: near)
      return (NIOLoopBound(Server(script: script), eventLoop: far), NIOLoopBound(handOver, eventLoop: far))
    }
    let handler = try await onFar { [far] in NIOLoopBound<any ExchangeHandler>(server.value, eventLoop: far) }
    let remote = try await onNear { [near, far] in
      let handOver = HandOver(from: LoopTurn(eventLoop: near), to: far)
      return NIOLoopBound(RemoteHandler(handler, outbound: handOver, inbound: back), eventLoop: near)
    }
    return Connected(server: server, remote: remote)
  }

  struct Connected: Sendable {
    let server: NIOLoopBound<Server>
    let remote: NIOLoopBound<RemoteHandler>
  }

  /// Returns when everything that either loop had for the other has landed. A step needs at most two rounds of its own loop
  /// and one of the other; answers to it as many again.
  func settle() async throws {
    for _ in 0..<10 {
      try await onNear {}
      try await onFar {}
    }
  }
}

/// What a sink was told, contents as their bytes.
enum Part: Equatable, Sendable {
  case open(String)
  case body(String)
  case end(FieldSection?)
  case cancel(ResetReason)
  case consumed(Int)
  case interim(Int)
  case head(Int)
  case fail(GatewayError.Cause)
  case stop(ResetReason)
  case mark(String)
}

/// The near side of an exchange: sends what it is told to and keeps what it gets.
final class Client: ResponseSink {
  private(set) var parts: [Part] = []
  var request: (any RequestSink)?
  var isOver = false
  var onPart: (Part) -> Void = { _ in }

  func open(_ path: String = "/", on remote: RemoteHandler) {
    let head = RequestHead(method: "POST", authority: "service", path: path, bodyLength: .unknown)
    let origin = RequestOrigin(wire: .http2, identity: nil, peerAddress: "[::1]:1", listener: "test", isSecure: false)
    let sink = remote.open(ExchangeRequest(head: head, origin: origin), respondingTo: self)
    if !isOver { request = sink }
  }

  func send(_ text: String) { request?.receiveRequestBody(ByteBuffer(string: text)) }

  func record(_ part: Part) {
    parts.append(part)
    onPart(part)
  }

  func receiveInterim(_ head: ResponseHead) { record(.interim(head.status)) }
  func receiveHead(_ head: ResponseHead) { record(.head(head.status)) }
  func receiveResponseBody(_ chunk: ByteBuffer) { record(.body(String(buffer: chunk))) }
  func receiveResponseEnd(trailers: FieldSection?) { record(.end(trailers)) }
  func stopRequest(_ reason: ResetReason) { record(.stop(reason)) }
  func requestConsumed(_ byteCount: Int) { record(.consumed(byteCount)) }

  func fail(_ error: GatewayError) {
    isOver = true
    request = nil
    record(.fail(error.cause))
  }
}

/// The handler on the far loop: gives each exchange to a script.
final class Server: ExchangeHandler {
  private(set) var exchanges: [ServerExchange] = []
  private let script: (ServerExchange) -> Void

  init(script: @escaping (ServerExchange) -> Void) {
    self.script = script
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = ServerExchange(response: sink)
    exchange.record(.open(String(decoding: request.head.path ?? [], as: UTF8.self)))
    exchanges.append(exchange)
    script(exchange)
    return exchange
  }

  func forget() { exchanges = [] }
}

/// The far side of an exchange.
final class ServerExchange: RequestSink {
  private(set) var parts: [Part] = []
  var response: (any ResponseSink)?
  var onPart: (Part) -> Void = { _ in }

  init(response: any ResponseSink) {
    self.response = response
  }

  func send(_ text: String) { response?.receiveResponseBody(ByteBuffer(string: text)) }

  func record(_ part: Part) {
    parts.append(part)
    onPart(part)
  }

  func receiveRequestBody(_ chunk: ByteBuffer) { record(.body(String(buffer: chunk))) }
  func receiveRequestEnd(trailers: FieldSection?) { record(.end(trailers)) }
  func responseConsumed(_ byteCount: Int) { record(.consumed(byteCount)) }

  func cancel(_ reason: ResetReason) {
    response = nil
    record(.cancel(reason))
  }

  func fail(_ cause: GatewayError.Cause) {
    response?.fail(GatewayError(cause, side: .origin, message: "the origin said no"))
    response = nil
  }
}

/// Objects that must be gone in the end, whichever loop they lived on.
///
/// Unchecked because weak references are read from the test's task; that is allowed, they are atomic.
final class Watch: @unchecked Sendable {
  private let lock = Mutex(())
  private var references: [(name: String, object: Reference)] = []

  private struct Reference {
    weak var object: AnyObject?
  }

  func add(_ name: String, _ object: AnyObject?) {
    lock.withLock { _ in references.append((name, Reference(object: object))) }
  }

  /// The names of those that are still there.
  var alive: [String] {
    lock.withLock { _ in references.filter { $0.object.object != nil }.map(\.name) }
  }

  var count: Int { lock.withLock { _ in references.count } }
}
