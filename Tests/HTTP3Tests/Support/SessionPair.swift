import HTTP3
import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

/// Two sessions back to back, with everything written down that each of them told.
final class SessionPair {
  let client: HTTP3Session
  let server: HTTP3Session
  let link: MemoryLink
  let clientLog = SessionLog()
  let serverLog = SessionLog()
  /// Called when a request's head came; the usual place to answer.
  var onRequest: (HTTP3Stream, RequestHead) -> Void = { _, _ in }
  /// Called when a request is complete.
  var onRequestEnd: (HTTP3Stream) -> Void = { _ in }

  /// - Parameter isReversed: the HTTP client is the QUIC server.
  init(
    isReversed: Bool = false, configuration: HTTP3Configuration = HTTP3Configuration(),
    options: MemoryLinkOptions = MemoryLinkOptions()
  ) throws {
    client = HTTP3Session(role: .client, configuration: configuration)
    server = HTTP3Session(role: .server, configuration: configuration)
    link =
      isReversed
      ? try MemoryLink(client: server, server: client, options: options)
      : try MemoryLink(client: client, server: server, options: options)
    clientTransport = isReversed ? link.server : link.client
    serverTransport = isReversed ? link.client : link.server
  }

  let clientTransport: MemoryTransport
  let serverTransport: MemoryTransport

  /// Turns until nothing moves.
  func run(maximumTurns: Int = 100_000) throws {
    var quiet = 0
    for _ in 0..<maximumTurns {
      let moved = try link.step()
      let told = drain()
      quiet = moved || told ? 0 : quiet + 1
      if quiet > 3 { return }
    }
    Issue.record("still moving after \(maximumTurns) turns")
  }

  func step() throws {
    try link.step()
    drain()
  }

  @discardableResult
  func drain() -> Bool {
    var told = false
    while let event = server.nextEvent() {
      told = true
      serverLog.record(event, on: server)
      if case .request(let stream, let head, _) = event { onRequest(stream, head) }
      if case .end(let stream, _) = event { onRequestEnd(stream) }
    }
    while let event = client.nextEvent() {
      told = true
      clientLog.record(event, on: client)
    }
    return told
  }

  /// What every test ends with: nobody broke the contract between session and transport.
  func expectNoViolation(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(link.client.violations == [], sourceLocation: sourceLocation)
    #expect(link.server.violations == [], sourceLocation: sourceLocation)
    #expect(link.client.closeError == nil, sourceLocation: sourceLocation)
    #expect(link.server.closeError == nil, sourceLocation: sourceLocation)
  }
}

/// What a session told, by stream.
final class SessionLog {
  struct Message {
    var request: RequestHead?
    var isEarly = false
    var interims: [ResponseHead] = []
    var response: ResponseHead?
    var body: [UInt8] = []
    var chunks = 0
    var unconsumed = 0
    var isComplete = false
    var trailers: FieldSection?
    var reset: HTTP3ErrorCode?
    var defect: MessageDefect?
    var stopped: HTTP3ErrorCode?
    var sent = 0
    var isClosed = false
    var closeCode: HTTP3ErrorCode?
  }

  var messages: [StreamID: Message] = [:]
  var streams: [StreamID: HTTP3Stream] = [:]
  var refused: [MessageDefect] = []
  var goAways: [StreamID?] = []
  var streamsAvailable = 0
  /// Whether content is taken off at once.
  var consumes = true
  var keepsBodies = true

  subscript(stream: HTTP3Stream?) -> Message { stream.flatMap { messages[$0.id] } ?? Message() }

  func record(_ event: HTTP3Event, on session: HTTP3Session) {
    switch event {
    case .request(let stream, let head, let isEarly):
      change(stream) {
        $0.request = head
        $0.isEarly = isEarly
      }
    case .interim(let stream, let head): change(stream) { $0.interims.append(head) }
    case .response(let stream, let head): change(stream) { $0.response = head }
    case .body(let stream, let chunk):
      change(stream) {
        if keepsBodies { $0.body += chunk.readableBytesView }
        $0.chunks += 1
        $0.unconsumed += chunk.readableBytes
      }
      if consumes { consume(stream, on: session) }
    case .end(let stream, let trailers):
      change(stream) {
        $0.isComplete = true
        $0.trailers = trailers
      }
    case .peerReset(let stream, let code): change(stream) { $0.reset = code }
    case .malformed(let stream, let defect): change(stream) { $0.defect = defect }
    case .peerStoppedReading(let stream, let code): change(stream) { $0.stopped = code }
    case .sent(let stream, let count): change(stream) { $0.sent += count }
    case .closed(let stream, let code):
      change(stream) {
        $0.isClosed = true
        $0.closeCode = code
      }
    case .refused(let defect): refused.append(defect)
    case .goAway(let from): goAways.append(from)
    case .streamsAvailable: streamsAvailable += 1
    }
  }

  func consume(_ stream: HTTP3Stream, on session: HTTP3Session) {
    let count = messages[stream.id]?.unconsumed ?? 0
    messages[stream.id]?.unconsumed = 0
    session.consumed(count, on: stream)
  }

  private func change(_ stream: HTTP3Stream, _ body: (inout Message) -> Void) {
    #expect(messages[stream.id]?.isClosed != true, "an event after closed")
    streams[stream.id] = stream
    body(&messages[stream.id, default: Message()])
  }
}

extension RequestHead {
  static func get(_ path: String = "/", fields: FieldSection = FieldSection()) -> RequestHead {
    RequestHead(method: "GET", scheme: "https", authority: "service", path: path, fields: fields)
  }

  static func post(_ path: String = "/", fields: FieldSection = FieldSection(), length: BodyLength = .unknown) -> RequestHead {
    RequestHead(method: "POST", scheme: "https", authority: "service", path: path, fields: fields, bodyLength: length)
  }
}

func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  var bytes = [UInt8](repeating: 0, count: count)
  var index = 0
  while index < count {
    let word = generator.next()
    for shift in 0..<min(8, count - index) { bytes[index + shift] = UInt8(truncatingIfNeeded: word >> UInt64(shift * 8)) }
    index += 8
  }
  return bytes
}
