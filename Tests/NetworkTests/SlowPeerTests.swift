import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Observability
import Synchronization
import Testing
import Wires

@testable import Network

@Suite(.alone) struct `Peers that read slowly or not at all` {
  /// Bytes of an answer. Each is of another length, so that some end with a part of them in the process when all but it is
  /// written.
  private static func byteCount(_ number: Int) -> Int { 300_000 + number * 3_333 }

  /// A listener that answers the request for `/7` with `byteCount(7)` bytes of content.
  private func listen(ends: Bool = true, progress: Progress = Progress()) async throws -> Listening {
    try await Listening.start { PlainAnswers(byteCount: Self.byteCount, ends: ends, progress: progress) }
  }

  private func open(_ port: Int, _ number: Int = 0) throws -> RawSocket {
    let client = try RawSocket(connectingTo: port)
    client.write("GET /\(number) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return client
  }

  /// Reads until the end, a reset or the time for it is over; the sum of bytes and how it ended.
  /// - Parameter isPause: when reading stops once, for `pause`.
  private func read(
    _ client: RawSocket, pausing pause: Duration = .zero, when isPause: () -> Bool = { false }
  ) async throws -> (Int, RawSocket.Received) {
    var count = 0
    var hasPaused = false
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      switch client.read(atMost: 2048) {
      case .bytes(let more):
        count += more
        if !hasPaused, isPause() {
          hasPaused = true
          try await Task.sleep(for: pause)
        }
        await Task.yield()
      case .nothing: try await Task.sleep(for: .milliseconds(1))
      case let over: return (count, over)
      }
    }
    return (count, .nothing)
  }

  /// Does something for many clients at once, each with an answer of another length.
  private func many(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 { group.addTask { try await body(number) } }
      try await group.waitForAll()
    }
  }

  @Test(arguments: [false, true])
  func `get the whole answer, though the connection is to be closed behind it`(endsItsSide: Bool) async throws {
    let progress = Progress()
    let listening = try await listen(progress: progress)
    try await many { number in
      let client = try open(listening.port, number)
      if endsItsSide { client.endOutput() }
      // Longer than the wait for the client's FIN.
      let (count, end) = try await read(client, pausing: .milliseconds(2300)) {
        progress.consumed(number) >= Self.byteCount(number)
      }
      #expect(count > Self.byteCount(number), "client \(number)")
      #expect(end == .end)
    }
    try await listening.stop()
  }

  @Test func `are waited for by a drain until their last byte is written`() async throws {
    try await many { number in
      let progress = Progress()
      let listening = try await listen(progress: progress)
      let client = try open(listening.port, number)
      async let result = read(client, pausing: .milliseconds(300)) { progress.consumed(number) >= Self.byteCount(number) }
      // As a drain does, with shorter pauses.
      while progress.consumed(number) == 0 { try await Task.sleep(for: .milliseconds(2)) }
      while try await listening.listener.openExchangeCount() > 0 { try await Task.sleep(for: .milliseconds(2)) }
      listening.listener.abort()
      let (count, end) = try await result
      #expect(count > Self.byteCount(number), "client \(number)")
      #expect(end == .end)
      try await listening.stop()
    }
  }

  @Test func `see a reset when their answer is cut off`() async throws {
    let listening = try await listen(ends: false)
    let client = try open(listening.port)
    let progress = ContinuousClock.now + .seconds(5)
    var count = 0
    while count < Self.byteCount(0), ContinuousClock.now < progress {
      if case .bytes(let more) = client.read(atMost: 65_536) { count += more } else { try await Task.sleep(for: .milliseconds(1)) }
    }
    listening.listener.abort()
    let (_, end) = try await read(client)
    #expect(end == .reset)
    try await listening.stop()
  }

  @Test func `are let go when the request to them is cancelled`() async throws {
    let (origin, port) = try RawSocket.listening()
    let client = try await OriginClient.start(OriginURL("http://127.0.0.1:\(port)"))
    let request = try await client.handler.eventLoop.submit {
      let head = RequestHead(method: "POST", authority: "a", path: "/", bodyLength: .unknown)
      let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "test", listener: "test", isSecure: false)
      let sink = client.handler.value.open(ExchangeRequest(head: head, origin: origin), respondingTo: Unheard())
      for _ in 0..<256 { sink.receiveRequestBody(ByteBuffer(repeating: 1, count: 65_536)) }
      return NIOLoopBound(sink, eventLoop: client.handler.eventLoop)
    }.get()
    var connection: RawSocket?
    try await wait(atMost: .seconds(5)) {
      connection = origin.accepted()
      return connection != nil
    }
    let accepted = try #require(connection)
    // Until both kernels hold what they take.
    try await Task.sleep(for: .milliseconds(300))
    #expect(!accepted.isReset)
    try await client.handler.eventLoop.submit { request.value.cancel(.cancelled) }.get()
    try await wait(atMost: .seconds(5)) { accepted.isReset }
    #expect(accepted.isReset)
    try await client.stop()
  }

  @Test func `that vanish are asked for by the kernel`() async throws {
    let listening = try await listen()
    let client = try RawSocket(connectingTo: listening.port)
    let local = ":" + String(listening.port, radix: 16, uppercase: true)
    var timers: [Substring] = []
    try await wait(atMost: .seconds(5)) {
      timers = try Self.connections().filter { $0[1].hasSuffix(local) && $0[3] == "01" }.map { $0[5].prefix(2) }
      return timers == ["02"]
    }
    // 02: the keep-alive timer runs.
    #expect(timers == ["02"])
    withExtendedLifetime(client) {}
    try await listening.stop()
  }

  /// The fields of each line of /proc/net/tcp.
  private static func connections() throws -> [[Substring]] {
    try ProcText.read("/proc/net/tcp").split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
  }
}

/// How much of each answer's content was reported consumed.
private final class Progress: Sendable {
  private let counts = Mutex<[Int: Int]>([:])

  func add(_ count: Int, to number: Int) { counts.withLock { $0[number, default: 0] += count } }
  func consumed(_ number: Int) -> Int { counts.withLock { $0[number, default: 0] } }
}

/// Answers with content of a length that the path chooses, all at once, and leaves out the end if told so.
private final class PlainAnswers: ExchangeHandler {
  private let byteCount: (Int) -> Int
  private let ends: Bool
  private let progress: Progress

  init(byteCount: @escaping (Int) -> Int, ends: Bool, progress: Progress) {
    self.byteCount = byteCount
    self.ends = ends
    self.progress = progress
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let number = Int(String(decoding: request.head.path?.dropFirst() ?? [], as: UTF8.self)) ?? 0
    let byteCount = byteCount(number)
    sink.receiveHead(ResponseHead(status: 200, bodyLength: ends ? .known(UInt64(byteCount)) : .unknown))
    sink.receiveResponseBody(ByteBuffer(repeating: 7, count: byteCount))
    if ends { sink.receiveResponseEnd(trailers: nil) }
    return Answer(number, progress: progress)
  }

  private final class Answer: RequestSink {
    private let number: Int
    private let progress: Progress

    init(_ number: Int, progress: Progress) {
      self.number = number
      self.progress = progress
    }

    func receiveRequestBody(_ chunk: ByteBuffer) {}
    func receiveRequestEnd(trailers: FieldSection?) {}
    func cancel(_ reason: ResetReason) {}
    func responseConsumed(_ byteCount: Int) { progress.add(byteCount, to: number) }
  }
}

/// A client that is not interested.
private final class Unheard: ResponseSink {
  func receiveInterim(_ head: ResponseHead) {}
  func receiveHead(_ head: ResponseHead) {}
  func receiveResponseBody(_ chunk: ByteBuffer) {}
  func receiveResponseEnd(trailers: FieldSection?) {}
  func fail(_ error: GatewayError) {}
  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}
}

/// A listener on a loop of its own.
private struct Listening {
  let listener: TCPListener
  private let loops: LoopGroup

  var port: Int { listener.localAddress.port ?? 0 }

  static func start(_ makeHandler: @escaping @Sendable () -> any ExchangeHandler) async throws -> Listening {
    let loops = try await LoopGroup.start(count: 1, log: nil, settings: LogSettings(isAccessLogOn: false))
    let perLoop = try await loops.onEach { loop in
      let handler = makeHandler()
      return ListenerLoop(name: "test", turn: loop.turn) { origin, _ in
        DetectingServerWire(ServerWireContext(handler: handler, origin: origin, hop: "test", events: loop.events))
      }
    }
    return Listening(listener: try await TCPListener.bind(to: Site.loopback(), group: loops.group, loops: perLoop), loops: loops)
  }

  func stop() async throws {
    await listener.drain()
    listener.abort()
    try await loops.shutDown()
  }
}
