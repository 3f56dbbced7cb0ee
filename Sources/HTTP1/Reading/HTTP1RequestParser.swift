public import HTTPMessage
public import NIOCore

/// Reads requests from the bytes of a client's connection (RFC 9112): a value that takes bytes and gives parts.
///
/// Parts are pulled, so an owner that is busy with one request simply does not ask for the next. After an error the connection
/// is of no further use.
public struct HTTP1RequestParser {
  /// A piece of a request.
  public enum Part {
    case head(RequestHead, HTTP1RequestTraits)
    case body(ByteBuffer)
    case end(trailers: FieldSection?)
  }

  private var input = ByteBuffer()
  private var state = State.head
  private var scanner = SectionScanner()
  private var emptyLineBytes = 0
  private let limits: MessageLimits
  private let scheme: StaticString

  private enum State {
    case head
    case body(BodyReader)
    /// What follows is the next request or bytes of another protocol: the answer decides.
    case upgrade
  }

  /// - Parameter isSecure: whether the connection is protected by TLS, for `:scheme`.
  public init(limits: MessageLimits = .defaults, isSecure: Bool) {
    self.limits = limits
    scheme = isSecure ? "https" : "http"
  }

  /// Adds bytes behind those that are still to be read.
  public mutating func receive(_ bytes: ByteBuffer) {
    input.appendInput(bytes)
  }

  /// Bytes that were received and not yet handed out.
  public var bufferedByteCount: Int { input.readableBytes }

  /// Whether the last part ended a request, or none has begun: the next part can only be a head.
  public var isBetweenRequests: Bool {
    if case .head = state { true } else { false }
  }

  /// The upgrade that the last head asked for is answered: what follows is a tunnel's bytes, or the next request.
  public mutating func answerUpgrade(isAccepted: Bool) {
    if case .upgrade = state { state = isAccepted ? .body(.untilClose) : .head }
  }

  /// Whether the content lasts until the client ends its side, as behind CONNECT.
  public var isReadingUntilClose: Bool {
    if case .body(.untilClose) = state { true } else { false }
  }

  /// The next part; nil when more bytes are needed.
  public mutating func next() throws(HTTP1Error) -> Part? {
    switch state {
    case .head: return try nextHead()
    case .upgrade: return nil
    case .body(var reader):
      let part = try reader.next(from: &input, limits: limits)
      state = .body(reader)
      switch part {
      case nil: return nil
      case .content(let bytes): return .body(bytes)
      case .end(let trailers):
        state = .head
        return .end(trailers: trailers)
      }
    }
  }

  private mutating func nextHead() throws(HTTP1Error) -> Part? {
    try skipEmptyLines()
    guard input.readableBytes > 0, input.getInteger(at: input.readerIndex, as: UInt8.self) != 0x0d else { return nil }
    let limit = limits.sectionBytes + 256
    guard let length = try scanner.find(in: input, limit: limit), var bytes = input.readBytes(length: length) else { return nil }
    emptyLineBytes = 0
    let line = try RequestLine(bytes, limits: limits)
    let (fields, authority) = pseudoFields(line, bytes)
    var lines = FieldLines(into: fields)
    try lines.read(&bytes, from: line.end, limits: limits)
    let reader = try Self.body(of: lines, isHTTP10: line.minorVersion == 0, isConnect: line.isConnect)
    let isHTTP10 = line.minorVersion == 0
    let named = try Self.authority(target: authority, lines: lines, isHTTP10: isHTTP10)
    if let authority = named ?? (isHTTP10 ? Self.unnamedHost[...] : nil) { lines.fields.prepend(.authority, authority) }
    var traits = HTTP1RequestTraits(
      isHTTP10: isHTTP10, isConnect: line.isConnect,
      keepsAlive: !lines.connection.hasClose && (!isHTTP10 || lines.connection.hasKeepAlive))
    if lines.upgrade != nil, let upgrade = try Self.upgrade(asked: &lines, isHTTP10: isHTTP10, reader) {
      traits.upgrade = upgrade
      state = .upgrade
      return .head(RequestHead(fields: lines.fields, bodyLength: .unknown), traits)
    }
    state = .body(reader)
    let head = RequestHead(fields: lines.fields, bodyLength: reader.bodyLength)
    traits.isHead = head.isHead
    return .head(head, traits)
  }

  /// Makes an extended CONNECT of a request that asks for another protocol (RFC 8441 §5, RFC 9220 §3).
  ///
  /// It has no place for another method nor for content before the tunnel; with either the request stays what it is, as a server
  /// may ignore the offer (RFC 9110 §7.8).
  private static func upgrade(
    asked lines: inout FieldLines, isHTTP10: Bool, _ reader: BodyReader
  ) throws(HTTP1Error) -> HTTP1Upgrade? {
    guard !isHTTP10, lines.connection.hasUpgrade, case .none = reader,
      lines.fields.first(.method)?.elementsEqual("GET".utf8) == true,
      lines.fields.first(.path)?.first == UInt8(ascii: "/"), let name = lines.upgrade.flatMap(OfferedProtocol.name)
    else { return nil }
    var key: [UInt8]?
    if name == OfferedProtocol.webSocket {
      let keys = lines.fields.all(.secWebSocketKey)
      guard keys.count == 1, keys[0].count == 24 else { throw HTTP1Error(.malformed, "a WebSocket request without its one key") }
      key = Array(keys[0])
      lines.fields.remove(.secWebSocketKey)
    }
    // A length of nothing, which has no place in a tunnel's head.
    lines.fields.remove(.contentLength)
    lines.fields.replace(.method, with: "CONNECT".utf8)
    lines.fields.prepend(.protocol, name)
    return HTTP1Upgrade(protocolName: name, webSocketKey: key)
  }

  /// Some clients send an empty line behind a request (RFC 9112 §2.2); a few are forgiven.
  private mutating func skipEmptyLines() throws(HTTP1Error) {
    while input.getInteger(at: input.readerIndex, as: UInt16.self) == 0x0d0a {
      input.moveReaderIndex(forwardBy: 2)
      emptyLineBytes += 2
      guard emptyLineBytes <= 8 else { throw HTTP1Error(.malformed, "empty lines instead of a request") }
    }
    if input.readableBytes >= 2, input.getInteger(at: input.readerIndex, as: UInt8.self) == 0x0d {
      throw HTTP1Error(.malformed, "a carriage return instead of a request")
    }
  }

  private func pseudoFields(_ line: RequestLine, _ bytes: [UInt8]) -> (FieldSection, authority: ArraySlice<UInt8>?) {
    var fields = FieldSection()
    fields.append(.method, from: bytes, line.method)
    var authority: ArraySlice<UInt8>?
    switch line.target {
    case .origin(let path):
      fields.append(.scheme, scheme.description)
      fields.append(.path, from: bytes, path)
    case .absolute(let isSecure, let host, let path):
      authority = bytes[host]
      fields.append(.scheme, isSecure ? "https" : "http")
      fields.append(.path, Self.path(bytes, path, method: line.method))
    case .authority(let host): authority = bytes[host]
    case .asterisk:
      fields.append(.scheme, scheme.description)
      fields.append(.path, "*")
    }
    return (fields, authority)
  }

  /// The path of an absolute target: never empty (RFC 9112 §3.2.1), `*` for OPTIONS of the whole server (§3.2.4).
  private static func path(_ bytes: [UInt8], _ path: Range<Int>, method: Range<Int>) -> [UInt8] {
    if path.isEmpty { return bytes[method].elementsEqual("OPTIONS".utf8) ? [UInt8(ascii: "*")] : [UInt8(ascii: "/")] }
    return bytes[path.lowerBound] == UInt8(ascii: "/") ? Array(bytes[path]) : [UInt8(ascii: "/")] + bytes[path]
  }

  /// HTTP/1.0 knows no Host: the request is for whoever answers here (RFC 9112 §3.3).
  private static let unnamedHost = Array("localhost".utf8)

  /// The target's authority wins over Host (RFC 9112 §3.2.2), which must be there exactly once in HTTP/1.1 (§3.2).
  private static func authority(
    target: ArraySlice<UInt8>?, lines: FieldLines, isHTTP10: Bool
  ) throws(HTTP1Error) -> ArraySlice<UInt8>? {
    guard lines.hostCount <= 1 else { throw HTTP1Error(.malformed, "more than one Host") }
    guard lines.hostCount == 1 || isHTTP10 else { throw HTTP1Error(.malformed, "a request without Host") }
    if let host = lines.host, !OctetClass.authority.holds(host) {
      throw HTTP1Error(.malformed, "a bad character in Host")
    }
    if let target { return target }
    guard let host = lines.host, !host.isEmpty else { return nil }
    return host
  }

  private static func body(of lines: FieldLines, isHTTP10: Bool, isConnect: Bool) throws(HTTP1Error) -> BodyReader {
    if lines.transferCoding != .none {
      guard lines.contentLength == .none else {
        throw HTTP1Error(.ambiguousLength, "both Content-Length and Transfer-Encoding")
      }
      guard !isHTTP10 else { throw HTTP1Error(.ambiguousLength, "Transfer-Encoding in HTTP/1.0") }
      guard lines.transferCoding == .chunked else {
        throw HTTP1Error(.unsupported, "a transfer coding other than chunked alone")
      }
      guard !isConnect else { throw HTTP1Error(.ambiguousLength, "CONNECT with content") }
      return .chunked(ChunkedReader())
    }
    if isConnect {
      guard lines.contentLength == .none || lines.contentLength == .bytes(0) else {
        throw HTTP1Error(.ambiguousLength, "CONNECT with content")
      }
      return .untilClose
    }
    if case .bytes(let length) = lines.contentLength { return length == 0 ? .none : .length(left: length) }
    return .none
  }
}

/// What the answer to a request has to know of it.
public struct HTTP1RequestTraits: Sendable, Equatable {
  public var isHTTP10: Bool
  public var isHead: Bool
  public var isConnect: Bool
  /// The client wants the connection kept after the answer (RFC 9112 §9.3).
  public var keepsAlive: Bool
  /// The client would rather speak something else on the connection.
  public var upgrade: HTTP1Upgrade?

  public init(
    isHTTP10: Bool = false, isHead: Bool = false, isConnect: Bool = false, keepsAlive: Bool = true, upgrade: HTTP1Upgrade? = nil
  ) {
    self.isHTTP10 = isHTTP10
    self.isHead = isHead
    self.isConnect = isConnect
    self.keepsAlive = keepsAlive
    self.upgrade = upgrade
  }
}

/// A change of protocols on a connection (RFC 9110 §7.8), which is an extended CONNECT on the other wires.
public struct HTTP1Upgrade: Sendable, Equatable {
  /// As in `:protocol`.
  public var protocolName: [UInt8]
  /// `Sec-WebSocket-Key` (RFC 6455 §4.1), which belongs to this connection and is not passed on.
  public var webSocketKey: [UInt8]?

  public init(protocolName: [UInt8], webSocketKey: [UInt8]? = nil) {
    self.protocolName = protocolName
    self.webSocketKey = webSocketKey
  }
}

extension RequestLine {
  var isConnect: Bool {
    if case .authority = target { true } else { false }
  }
}

extension BodyReader {
  /// The same as a head says it.
  var bodyLength: BodyLength {
    switch self {
    case .none: .none
    case .length(let left): .known(left)
    case .chunked, .untilClose: .unknown
    }
  }
}

extension ByteBuffer {
  /// Adds bytes behind those that are still to be read; the usual case of an empty buffer takes them over.
  ///
  /// What has been read is given back when it is more than what is left: a message whose every piece leaves a residue would
  /// otherwise be held whole. So no byte is moved more often than another was read.
  mutating func appendInput(_ bytes: ByteBuffer) {
    guard readableBytes > 0 else { return self = bytes }
    if readerIndex > readableBytes { discardReadBytes() }
    writeImmutableBuffer(bytes)
  }
}
