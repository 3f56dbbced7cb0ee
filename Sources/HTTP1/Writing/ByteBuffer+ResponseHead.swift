public import HTTPMessage
public import NIOCore

extension ByteBuffer {
  /// Appends the head of a final response (RFC 9112 §4) as the client of `request` understands it.
  ///
  /// Success as the answer to a request for another protocol is written as 101 (RFC 9110 §15.2.2).
  ///
  /// - Parameter keepsAlive: whether the connection is to be kept; set to false where the framing does not allow it, and said
  ///   in the Connection field.
  /// - Throws: `HTTP1Error` when a field holds bytes that would end its line. The buffer is then as it was.
  /// - Returns: how the content must follow.
  public mutating func writeHTTP1ResponseHead(
    _ head: ResponseHead, to request: HTTP1RequestTraits, keepsAlive: inout Bool
  ) throws(HTTP1Error) -> HTTP1Framing {
    let start = writerIndex
    let upgrade = (200...299).contains(head.status) ? request.upgrade : nil
    writeStatusLine(upgrade == nil ? head.status : 101)
    let isBodyless = request.isHead || ResponseHead.isBodyless(status: head.status)
    let notes = FieldLineWriter.write(head.fields, to: &self, keepsContentLength: isBodyless && head.status != 204)
    if let upgrade, notes.isSound {
      writeStaticString("connection: upgrade\r\nupgrade: ")
      writeBytes(upgrade.protocolName)
      writeStaticString("\r\n\r\n")
      keepsAlive = false
      return .untilClose
    }
    guard notes.isSound else {
      moveWriterIndex(to: start)
      throw HTTP1Error(.malformed, "a field that would end its line")
    }
    let framing: HTTP1Framing
    if isBodyless {
      framing = .length(0)
    } else if request.isConnect, (200...299).contains(head.status) {
      framing = .untilClose
    } else {
      framing = writeFraming(head.bodyLength, isHTTP10: request.isHTTP10)
    }
    if framing == .untilClose { keepsAlive = false }
    if !keepsAlive, !(request.isConnect && framing == .untilClose) {
      writeStaticString("connection: close\r\n")
    } else if keepsAlive, request.isHTTP10 {
      writeStaticString("connection: keep-alive\r\n")
    }
    writeStaticString("\r\n")
    return framing
  }

  /// Appends a 1xx response.
  /// - Throws: as `writeHTTP1ResponseHead` does.
  public mutating func writeHTTP1InterimHead(_ head: ResponseHead) throws(HTTP1Error) {
    let start = writerIndex
    writeStatusLine(head.status)
    guard FieldLineWriter.write(head.fields, to: &self, keepsContentLength: false).isSound else {
      moveWriterIndex(to: start)
      throw HTTP1Error(.malformed, "a field that would end its line")
    }
    writeStaticString("\r\n")
  }

  private mutating func writeFraming(_ length: BodyLength, isHTTP10: Bool) -> HTTP1Framing {
    switch length {
    case .none:
      writeStaticString("content-length: 0\r\n")
      return .length(0)
    case .known(let length):
      writeContentLength(length)
      return .length(length)
    case .unknown:
      if isHTTP10 { return .untilClose }
      writeStaticString("transfer-encoding: chunked\r\n")
      return .chunked
    }
  }

  private mutating func writeStatusLine(_ status: Int) {
    if status == 200 {
      writeStaticString("HTTP/1.1 200 OK\r\n")
    } else {
      writeStaticString("HTTP/1.1 ")
      writeString(String(status))
      writeInteger(UInt8(ascii: " "))
      writeStaticString(ReasonPhrase.of(status))
      writeStaticString("\r\n")
    }
  }
}
