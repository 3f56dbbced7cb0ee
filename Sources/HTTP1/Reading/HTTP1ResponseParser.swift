public import HTTPMessage
public import NIOCore

/// Reads responses from the bytes of a connection to an origin (RFC 9112): a value that takes bytes and gives parts.
///
/// The owner says for each request that a response to it is expected; bytes that nobody asked for are refused. After an error
/// the connection is of no further use.
public struct HTTP1ResponseParser {
  /// A piece of a response.
  public enum Part {
    case interim(ResponseHead)
    /// A final head. `keepsAlive` is false when the connection cannot serve again.
    case head(ResponseHead, keepsAlive: Bool)
    case body(ByteBuffer)
    case end(trailers: FieldSection?)
  }

  private var input = ByteBuffer()
  private var state = State.idle
  private var scanner = SectionScanner()
  private var interimCount = 0
  private let limits: MessageLimits

  private enum State {
    case idle
    case head(HTTP1RequestTraits)
    case body(BodyReader)
  }

  public init(limits: MessageLimits = .defaults) {
    self.limits = limits
  }

  /// A request was sent: the next bytes answer it. Called between responses.
  public mutating func expectResponse(to request: HTTP1RequestTraits) {
    state = .head(request)
    interimCount = 0
  }

  /// Adds bytes behind those that are still to be read.
  public mutating func receive(_ bytes: ByteBuffer) {
    input.appendInput(bytes)
  }

  /// Bytes that were received and not yet handed out.
  public var bufferedByteCount: Int { input.readableBytes }

  /// The next part; nil when more bytes are needed.
  public mutating func next() throws(HTTP1Error) -> Part? {
    switch state {
    case .idle:
      guard input.readableBytes == 0 else { throw HTTP1Error(.malformed, "bytes that answer no request") }
      return nil
    case .head(let request): return try nextHead(to: request)
    case .body(var reader):
      let part = try reader.next(from: &input, limits: limits)
      state = .body(reader)
      switch part {
      case nil: return nil
      case .content(let bytes): return .body(bytes)
      case .end(let trailers):
        state = .idle
        return .end(trailers: trailers)
      }
    }
  }

  /// The origin has ended its side: the end of content that lasts until then, or an error inside a message.
  public mutating func receivedEnd() throws(HTTP1Error) -> Part? {
    switch state {
    case .idle: return nil
    case .body(.untilClose):
      state = .idle
      return .end(trailers: nil)
    case .head, .body: throw HTTP1Error(.incomplete, "the connection ended inside the response")
    }
  }

  private mutating func nextHead(to request: HTTP1RequestTraits) throws(HTTP1Error) -> Part? {
    guard input.readableBytes > 0 else { return nil }
    let limit = limits.sectionBytes + 1024
    guard let length = try scanner.find(in: input, limit: limit), var bytes = input.readBytes(length: length) else { return nil }
    let line = try StatusLine(bytes)
    var fields = FieldSection()
    fields.append(.status, line.digits)
    var lines = FieldLines(into: fields)
    try lines.read(&bytes, from: line.end, limits: limits)
    if line.status == 101 { return try switched(lines, asked: request.upgrade) }
    if line.status < 200 {
      interimCount += 1
      guard interimCount <= limits.interimResponses else { throw HTTP1Error(.malformed, "interim responses without end") }
      lines.fields.remove(.contentLength)
      return .interim(ResponseHead(status: line.status, fieldsWithStatus: lines.fields, bodyLength: .none))
    }
    guard request.upgrade == nil || !(200...299).contains(line.status) else {
      // In the tunnel's place this would be content, and the peer's next wire could not say so.
      throw HTTP1Error(.unsupported, "an answer of success that does not switch to the protocol that was asked for")
    }
    let (reader, isFramingSound) = try Self.body(of: &lines, status: line, to: request)
    state = .body(reader)
    let hasKeptAlive = line.minorVersion == 0 ? lines.connection.hasKeepAlive : true
    var isReusable = isFramingSound && hasKeptAlive && !lines.connection.hasClose
    if case .untilClose = reader { isReusable = false }
    var head = ResponseHead(status: line.status, fieldsWithStatus: lines.fields, bodyLength: reader.bodyLength)
    if case .untilClose = reader { head.endsWithConnection = true }
    return .head(head, keepsAlive: isReusable)
  }

  /// 101: the rest of the connection is the tunnel. As the answer to an extended CONNECT it is a 200 (RFC 8441 §5).
  private mutating func switched(_ lines: FieldLines, asked upgrade: HTTP1Upgrade?) throws(HTTP1Error) -> Part {
    guard let upgrade else { throw HTTP1Error(.unsupported, "a switch of protocols that nobody asked for") }
    guard lines.connection.hasUpgrade, let chosen = lines.upgrade,
      OfferedProtocol.isChosen(upgrade.protocolName, in: chosen) else {
      throw HTTP1Error(.malformed, "a switch to another protocol than was asked for")
    }
    var fields = lines.fields
    fields.replace(.status, with: "200".utf8)
    fields.remove(.contentLength)
    state = .body(.untilClose)
    return .head(ResponseHead(status: 200, fieldsWithStatus: fields, bodyLength: .unknown), keepsAlive: false)
  }

  /// Where the content ends (RFC 9112 §6.3), and whether what follows it can be trusted to be the next response.
  private static func body(
    of lines: inout FieldLines, status: StatusLine, to request: HTTP1RequestTraits
  ) throws(HTTP1Error) -> (BodyReader, isSound: Bool) {
    let hasCoding = lines.transferCoding != .none
    if request.isHead || status.status == 304 { return (.none, isSound: true) }
    if request.isConnect, (200...299).contains(status.status) { return (.untilClose, isSound: true) }
    if status.status == 204 {
      let isEmpty = lines.contentLength == .none || lines.contentLength == .bytes(0)
      lines.fields.remove(.contentLength)
      return (.none, isSound: isEmpty && !hasCoding)
    }
    guard !hasCoding || lines.contentLength == .none else {
      throw HTTP1Error(.ambiguousLength, "both Content-Length and Transfer-Encoding")
    }
    guard !hasCoding || status.minorVersion == 1 else { throw HTTP1Error(.ambiguousLength, "Transfer-Encoding in HTTP/1.0") }
    switch lines.transferCoding {
    case .chunked: return (.chunked(ChunkedReader()), isSound: true)
    case .unsupported: throw HTTP1Error(.unsupported, "a transfer coding other than chunked alone")
    case .none: break
    }
    if case .bytes(let length) = lines.contentLength { return (length == 0 ? .none : .length(left: length), isSound: true) }
    return (.untilClose, isSound: true)
  }
}

/// The status line (RFC 9112 §4).
private struct StatusLine {
  let minorVersion: UInt8
  let status: Int
  let digits: ArraySlice<UInt8>
  let end: Int

  init(_ bytes: [UInt8]) throws(HTTP1Error) {
    let feed = bytes.firstIndex(of: 0x0a) ?? bytes.count - 1
    let line = bytes[0..<max(0, feed - 1)]
    guard line.count >= 12, line[8] == 0x20 else { throw HTTP1Error(.malformed, "not a status line") }
    minorVersion = try RequestLine.minorVersion(line[0..<8])
    digits = line[9..<12]
    guard let status = FieldRules.contentLength(digits), (100...999).contains(status) else {
      throw HTTP1Error(.malformed, "a status that is not three digits")
    }
    self.status = Int(status)
    // The space before an empty reason phrase is left out by some origins.
    guard line.count == 12 || (line[12] == 0x20 && OctetClass.value.holds(bytes, 13..<line.endIndex)) else {
      throw HTTP1Error(.malformed, "a bad character in the status line")
    }
    end = feed + 1
  }
}
