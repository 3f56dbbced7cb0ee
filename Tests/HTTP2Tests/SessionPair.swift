import HTTP2
import HTTPMessage
import LinkEmulator
import NIOCore

/// A client and a server session back to back, and what each of them told.
final class SessionPair {
  let client: HTTP2Session
  let server: HTTP2Session
  var requests: [Received] = []
  var responses: [Int32: Received] = [:]
  var serverRefusals: [HTTP2Refusal] = []
  var clientRefusals: [HTTP2Refusal] = []
  var goAways: [(HTTP2ErrorCode, Int32)] = []
  /// Whether content is consumed as it comes.
  var consumes = true
  private var generator: SeededGenerator
  private let maximumPieceBytes: Int

  /// What one side has received on a stream.
  final class Received {
    let stream: HTTP2Stream
    var request: RequestHead?
    var response: ResponseHead?
    var interims: [Int] = []
    var isTooLarge = false
    var body = ByteBuffer()
    var trailers: FieldSection?
    var isEnded = false
    var takenBytes = 0
    var closedWith: HTTP2ErrorCode?
    var isClosedByPeer = false

    init(_ stream: HTTP2Stream) { self.stream = stream }
  }

  init(
    seed: UInt64 = 1, maximumPieceBytes: Int = 100_000, client: HTTP2Configuration = HTTP2Configuration(),
    server: HTTP2Configuration = HTTP2Configuration()
  ) {
    self.client = HTTP2Session(role: .client, configuration: client)
    self.server = HTTP2Session(role: .server, configuration: server)
    generator = SeededGenerator(seed: seed)
    self.maximumPieceBytes = maximumPieceBytes
  }

  func send(_ head: RequestHead) -> Received? {
    guard let stream = client.submitRequest(head) else { return nil }
    let received = Received(stream)
    stream.owner = received
    responses[stream.id] = received
    return received
  }

  func run() {
    while moveOnce() {}
  }

  func moveOnce() -> Bool {
    var hasMoved = false
    while let bytes = client.nextOutput() {
      hasMoved = true
      drain(client)
      feed(bytes, server)
    }
    drain(client)
    while let bytes = server.nextOutput() {
      hasMoved = true
      drain(server)
      feed(bytes, client)
    }
    drain(server)
    return hasMoved
  }

  private func feed(_ bytes: ByteBuffer, _ session: HTTP2Session) {
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = min(rest.readableBytes, Int.random(in: 1...maximumPieceBytes, using: &generator))
      if let piece = rest.readSlice(length: count) { session.receive(piece) }
      drain(session)
    }
  }

  func drain(_ session: HTTP2Session) {
    while let event = session.nextEvent() { note(event, session) }
  }

  private func note(_ event: HTTP2Event, _ session: HTTP2Session) {
    switch event {
    case .requestHead(let stream, let head):
      open(stream).request = head
    case .requestTooLarge(let stream):
      open(stream).isTooLarge = true
    case .interimHead(let stream, let head): received(stream)?.interims.append(head.status)
    case .responseHead(let stream, let head): received(stream)?.response = head
    case .body(let stream, let bytes):
      received(stream)?.body.writeImmutableBuffer(bytes)
      if consumes { session.consumed(bytes.readableBytes, on: stream) }
    case .end(let stream, let trailers):
      received(stream)?.trailers = trailers
      received(stream)?.isEnded = true
    case .bodyTaken(let stream, let count): received(stream)?.takenBytes += count
    case .refused(_, let refusal):
      if session === client { clientRefusals.append(refusal) } else { serverRefusals.append(refusal) }
    case .closed(let stream, let code, let isByPeer):
      received(stream)?.closedWith = code
      received(stream)?.isClosedByPeer = isByPeer
    case .goAway(let code, let last): goAways.append((code, last))
    case .settingsReceived: break
    }
  }

  private func open(_ stream: HTTP2Stream) -> Received {
    let received = Received(stream)
    stream.owner = received
    requests.append(received)
    return received
  }

  private func received(_ stream: HTTP2Stream) -> Received? { stream.owner as? Received }
}

extension RequestHead {
  static func get(_ path: String = "/", fields: FieldSection = FieldSection()) -> RequestHead {
    RequestHead(method: "GET", authority: "a.example", path: path, fields: fields)
  }

  static func post(_ length: BodyLength = .unknown) -> RequestHead {
    RequestHead(method: "POST", authority: "a.example", path: "/", bodyLength: length)
  }
}
