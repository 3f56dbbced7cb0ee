import Crypto
import Exchange
import Foundation
import HTTPMessage
import NIOCore

/// A client of one edge listener, in one protocol.
struct DemoClient: Sendable {
  /// What it speaks, for the report.
  let wire: WireProtocol
  private let handler: NIOLoopBound<any ExchangeHandler>
  private let authority: String

  init(wire: WireProtocol, authority: String, handler: NIOLoopBound<any ExchangeHandler>) {
    self.wire = wire
    self.authority = authority
    self.handler = handler
  }

  /// Sends a request whole and takes the answer whole.
  func fetch(
    _ method: String = "GET", _ path: String, fields: FieldSection = FieldSection(), body: ByteBuffer? = nil,
    bodyLength: BodyLength? = nil
  ) async throws -> DemoAnswer {
    let exchange = try await open(
      method, path, fields: fields, bodyLength: bodyLength ?? body.map { .known(UInt64($0.readableBytes)) } ?? .none)
    var rest = body ?? ByteBuffer()
    while let chunk = rest.readSlice(length: min(rest.readableBytes, 64 * 1024)), chunk.readableBytes > 0 { exchange.send(chunk) }
    exchange.finish()
    var answer = DemoAnswerReader()
    for await event in exchange.answers { try answer.read(event) }
    return try answer.finish()
  }

  /// Begins a request whose content follows step by step.
  func open(_ method: String, _ path: String, fields: FieldSection, bodyLength: BodyLength) async throws -> DemoExchange {
    let head = RequestHead(method: method, authority: authority, path: path, fields: fields, bodyLength: bodyLength)
    return try await DemoExchange.open(head, on: handler)
  }
}

/// An answer as it arrived.
struct DemoAnswer {
  let head: ResponseHead
  let trailers: FieldSection?
  let byteCount: Int
  let digest: SHA256.Digest
  /// The content, when it has at most 1 MB.
  let body: ByteBuffer?

  /// gRPC's status, from the trailers or, where there was no message, from the head.
  var grpcStatus: String? { trailers?.text(.grpcStatus) ?? head.fields.text(.grpcStatus) }
}

/// Reads the events of an answer into one value; the digest is made while the content arrives.
struct DemoAnswerReader {
  private var head: ResponseHead?
  private var trailers: FieldSection?
  private var hash = SHA256()
  private var byteCount = 0
  private var body = ByteBuffer()
  private var hasEnded = false

  mutating func read(_ event: DemoEvent) throws {
    switch event {
    case .head(let head):
      self.head = head
    case .body(let chunk):
      byteCount += chunk.readableBytes
      hash.update(data: Data(chunk.readableBytesView))
      if byteCount <= 1_000_000 { body.writeImmutableBuffer(chunk) }
    case .end(let trailers):
      self.trailers = trailers
      hasEnded = true
    case .failed(let error):
      throw CommandError.failure(error.message)
    }
  }

  func finish() throws -> DemoAnswer {
    guard let head, hasEnded else { throw CommandError.failure("the answer was not complete") }
    return DemoAnswer(
      head: head, trailers: trailers, byteCount: byteCount, digest: hash.finalize(), body: byteCount <= 1_000_000 ? body : nil)
  }
}
