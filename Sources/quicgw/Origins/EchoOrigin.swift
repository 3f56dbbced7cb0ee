import Exchange
import HTTPMessage
import NIOCore

/// Sends back what it gets while it comes: a gRPC service (any method named Unary or Chat), and POST or PUT for everybody else.
/// GET shows what the origin saw of the request.
final class EchoOrigin: ExchangeHandler {
  private let turn: LoopTurn

  init(turn: LoopTurn) {
    self.turn = turn
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let head = request.head
    if head.isGRPC { return openCall(request, respondingTo: sink) }
    let method = String(decoding: head.method, as: UTF8.self)
    switch method {
    case "POST", "PUT":
      var fields = FieldSection()
      fields.append(.contentType, head.fields.text(.contentType) ?? "application/octet-stream")
      if case .known(let count) = head.bodyLength { fields.append(.contentLength, String(count)) }
      OriginSight.append(to: &fields, of: request)
      // Clients that ask first (RFC 9110 §10.1.1) get their answer at once.
      if head.fields.contains(.expect) { sink.receiveInterim(ResponseHead(status: 100)) }
      let response = ResponseHead(status: 200, fields: fields, bodyLength: head.bodyLength)
      return Echo(response, beginsWithContent: true, trailers: nil, to: sink, turn: turn)
    case "GET", "HEAD":
      return answer(200, OriginSight.text(of: request), to: request, sink)
    default:
      return answer(405, "GET, HEAD, POST and PUT are served here\n", to: request, sink)
    }
  }

  private func openCall(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    var fields = FieldSection()
    fields.append(.contentType, request.head.fields.text(.contentType) ?? "application/grpc")
    OriginSight.append(to: &fields, of: request)
    let method = request.head.path.flatMap { $0.split(separator: UInt8(ascii: "/")).last } ?? []
    guard ["Unary", "Chat"].contains(where: { method.elementsEqual($0.utf8) }) else {
      fields.append(.grpcStatus, "12")
      fields.append(.grpcMessage, "this origin knows the methods Unary and Chat")
      let head = ResponseHead(status: 200, fields: fields, bodyLength: .none)
      return BufferedAnswer(head, body: ByteBuffer(), to: sink, turn: turn)
    }
    // Binary metadata goes back as it came, so that a client can verify it.
    for field in request.head.fields where field.name.starts(with: "echo-".utf8) {
      fields.append(name: field.name, value: field.value)
    }
    let head = ResponseHead(status: 200, fields: fields, bodyLength: .unknown)
    return Echo(head, beginsWithContent: false, trailers: ["grpc-status": "0"], to: sink, turn: turn)
  }

  private func answer(_ status: Int, _ text: String, to request: ExchangeRequest, _ sink: any ResponseSink) -> any RequestSink {
    let body = ByteBuffer(string: text)
    var fields = FieldSection()
    fields.append(.contentType, "text/plain; charset=utf-8")
    fields.append(.contentLength, String(body.readableBytes))
    OriginSight.append(to: &fields, of: request)
    let isHead = request.head.isHead
    let head = ResponseHead(status: status, fields: fields, bodyLength: isHead ? .none : .known(UInt64(body.readableBytes)))
    return BufferedAnswer(head, body: isHead ? ByteBuffer() : body, to: sink, turn: turn)
  }
}

extension EchoOrigin {
  /// One exchange: a chunk goes back at the end of the turn that it came in, and counts as consumed when the client has taken
  /// it back, so that a client that does not read is not read from.
  final class Echo: RequestSink, TurnParticipant {
    private var sink: (any ResponseSink)?
    private var waitingHead: ResponseHead?
    private let trailers: FieldSection?
    private let turn: LoopTurn
    private var chunks: [ByteBuffer] = []
    private var consumedByteCount = 0
    private var requestEnded = false
    private var isEnrolled = false

    /// - Parameter beginsWithContent: whether the head waits for the first content; a stream's client may wait for the head.
    init(
      _ head: ResponseHead, beginsWithContent: Bool, trailers: FieldSection?, to sink: any ResponseSink, turn: LoopTurn
    ) {
      self.sink = sink
      self.trailers = trailers
      self.turn = turn
      if beginsWithContent { waitingHead = head } else { sink.receiveHead(head) }
    }

    func receiveRequestBody(_ chunk: ByteBuffer) {
      chunks.append(chunk)
      enroll()
    }

    func receiveRequestEnd(trailers: FieldSection?) {
      requestEnded = true
      enroll()
    }

    func cancel(_ reason: ResetReason) {
      sink = nil
      chunks = []
    }

    func responseConsumed(_ byteCount: Int) {
      consumedByteCount += byteCount
      enroll()
    }

    func endTurn() {
      isEnrolled = false
      guard let sink else { return }
      if consumedByteCount > 0 {
        sink.requestConsumed(consumedByteCount)
        consumedByteCount = 0
      }
      if let head = waitingHead, !chunks.isEmpty || requestEnded {
        sink.receiveHead(head)
        waitingHead = nil
      }
      for chunk in chunks { sink.receiveResponseBody(chunk) }
      chunks.removeAll(keepingCapacity: true)
      if requestEnded {
        sink.receiveResponseEnd(trailers: trailers)
        self.sink = nil
      }
    }

    private func enroll() {
      guard !isEnrolled, sink != nil else { return }
      isEnrolled = true
      turn.enroll(self)
    }
  }
}
