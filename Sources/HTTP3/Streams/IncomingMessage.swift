import HTTPMessage
import NIOCore

/// What arrived on a stream and was not yet taken by the owner, in the order of a message.
struct IncomingMessage {
  /// The section that is being decoded.
  var fields = IncomingFields()
  /// Of the request: decides how the answer's length is read (RFC 9110 §6.4.1).
  var isAnswerToHead = false
  var isAnswerToConnect = false
  /// Whether it is a CONNECT itself.
  var isConnect = false
  var isEarly = false
  /// The head of the final response, or of the request, is complete.
  var hasHead = false
  /// Nothing more is wanted: what still arrives is dropped.
  var isStopped = false

  /// Interim responses so far.
  private(set) var interimCount = 0

  private var request: RequestHead?
  private var interims: [ResponseHead] = []
  private var response: ResponseHead?
  /// Content that was not taken, in pieces of at most `largestPieceBytes`; `body` is the last.
  private var fullPieces: [ByteBuffer] = []
  private var body = ByteBuffer()
  private var trailers: FieldSection?
  private var ending: Ending?
  private var isEndTaken = false
  private var lastTakenBytes = 0

  enum Ending {
    case complete
    case reset(HTTP3ErrorCode)
    case defective(MessageDefect)
  }

  /// Whether the end, of whatever kind, was recorded.
  var isEnded: Bool { ending != nil }

  /// Whether the peer sends nothing more: it has ended or reset its side.
  var isPeerDone: Bool {
    switch ending {
    case .complete, .reset: true
    case .defective, nil: false
    }
  }

  /// Whether it ended before its end.
  var isAborted: Bool {
    switch ending {
    case .reset, .defective: true
    case .complete, nil: false
    }
  }

  /// Whether a request waits that nobody knows of.
  var hasUntakenRequest: Bool { request != nil }

  mutating func record(_ head: RequestHead) {
    request = head
    hasHead = true
  }

  mutating func record(_ head: ResponseHead) {
    if head.isInterim {
      interims.append(head)
      interimCount += 1
    } else {
      response = head
      hasHead = true
    }
  }

  /// Makes room for `byteCount` bytes behind what is waiting and lends the buffer.
  ///
  /// The first chunk takes as much as the owner took the last time, so that a burst of packets is copied once and not again
  /// by a growing buffer.
  mutating func append(byteCount: Int, _ write: (inout ByteBuffer) -> Void) {
    if body.readableBytes > 0, body.readableBytes + byteCount > Self.largestPieceBytes {
      fullPieces.append(body)
      body = ByteBuffer()
    }
    if body.readableBytes == 0 {
      body = ByteBufferAllocator().buffer(capacity: max(byteCount, min(lastTakenBytes, Self.largestPieceBytes)))
    }
    write(&body)
  }

  mutating func record(trailers section: FieldSection) {
    trailers = section.isEmpty ? nil : section
  }

  mutating func end() {
    if ending == nil { ending = .complete }
  }

  /// The message ends without its rest; content that was not taken is dropped, as RFC 9000 §3.2 allows after a reset.
  /// - Returns: the number of content bytes that were dropped.
  mutating func end(_ failure: Ending) -> Int {
    switch ending {
    case .reset, .defective: return 0
    case .complete where isEndTaken: return 0
    case .complete, nil:
      ending = failure
      return dropBody()
    }
  }

  /// The owner wants no more of it.
  mutating func stop() -> Int {
    isStopped = true
    return dropBody()
  }

  private mutating func dropBody() -> Int {
    let dropped = fullPieces.reduce(body.readableBytes) { $0 + $1.readableBytes }
    fullPieces = []
    body = ByteBuffer()
    trailers = nil
    return dropped
  }

  mutating func nextEvent(of stream: HTTP3Stream) -> HTTP3Event? {
    guard !isStopped else { return nil }
    if let head = request {
      request = nil
      stream.isAnnounced = true
      return .request(stream, head, isEarly: isEarly)
    }
    if !interims.isEmpty { return .interim(stream, interims.removeFirst()) }
    if let head = response {
      response = nil
      return .response(stream, head)
    }
    if !fullPieces.isEmpty {
      lastTakenBytes = Self.largestPieceBytes
      return .body(stream, fullPieces.removeFirst())
    }
    if body.readableBytes > 0 {
      var taken = body
      body = ByteBuffer()
      // It may wait for a slow reader: then not with memory that was meant for more.
      taken.shrinkBufferCapacity(to: taken.readableBytes)
      lastTakenBytes = taken.readableBytes
      return .body(stream, taken)
    }
    guard let ending, !isEndTaken else { return nil }
    isEndTaken = true
    switch ending {
    case .complete:
      defer { trailers = nil }
      return .end(stream, trailers: trailers)
    case .reset(let code):
      return .peerReset(stream, code)
    case .defective(let defect):
      return .malformed(stream, defect)
    }
  }

  /// A request that nobody has seen is forgotten.
  mutating func dropHead() {
    request = nil
  }

  /// A whole burst of datagrams as the kernel hands it over (GRO). A buffer's memory is a power of two: a stream's first window in
  /// one buffer, 72 KiB, would hold 128 KiB for as long as a slow reader lets it wait.
  private static let largestPieceBytes = 64 * 1024
}
