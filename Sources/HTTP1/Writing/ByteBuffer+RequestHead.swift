public import HTTPMessage
public import NIOCore

extension ByteBuffer {
  /// Appends a request head (RFC 9112 §3), with the framing that its body length asks for.
  ///
  /// - Throws: `HTTP1Error` when the head cannot be said in HTTP/1.1: no method, path or authority, or bytes that would end a
  ///   line. The buffer is then as it was.
  /// - Returns: how the content must follow.
  public mutating func writeHTTP1RequestHead(_ head: RequestHead) throws(HTTP1Error) -> HTTP1Framing {
    let start = writerIndex
    do throws(HTTP1Error) {
      return try writeRequestHead(head)
    } catch {
      moveWriterIndex(to: start)
      throw error
    }
  }

  private mutating func writeRequestHead(_ head: RequestHead) throws(HTTP1Error) -> HTTP1Framing {
    let method = head.method
    guard !method.isEmpty, OctetClass.token.holds(method) else { throw HTTP1Error(.malformed, "a method that is not a token") }
    let isConnect = head.isConnect
    guard let target = isConnect ? head.authority : head.path, !target.isEmpty, OctetClass.target.holds(target) else {
      throw HTTP1Error(.malformed, "a request target that HTTP/1.1 cannot say")
    }
    writeBytes(method)
    writeInteger(UInt8(ascii: " "))
    writeBytes(target)
    writeStaticString(" HTTP/1.1\r\nhost: ")
    // Host comes first so that it is found in logs and dumps (RFC 9110 §7.2); empty when the client named none.
    if let authority = head.authority {
      guard OctetClass.authority.holds(authority) else { throw HTTP1Error(.malformed, "a bad authority") }
      writeBytes(authority)
    }
    writeStaticString("\r\n")
    let notes = FieldLineWriter.write(head.fields, to: &self, keepsContentLength: head.bodyLength == .none)
    guard notes.isSound else { throw HTTP1Error(.malformed, "a field that would end its line") }
    if notes.hasTE { writeStaticString("connection: te\r\n") }
    let framing = writeFraming(head, isConnect: isConnect)
    writeStaticString("\r\n")
    return framing
  }

  private mutating func writeFraming(_ head: RequestHead, isConnect: Bool) -> HTTP1Framing {
    if isConnect { return .untilClose }
    switch head.bodyLength {
    case .none:
      // A request whose method expects content says that it has none (RFC 9110 §8.6).
      if !head.fields.contains(.contentLength), Self.expectsContent(head.method) { writeStaticString("content-length: 0\r\n") }
      return .length(0)
    case .known(let length):
      writeContentLength(length)
      return .length(length)
    case .unknown:
      writeStaticString("transfer-encoding: chunked\r\n")
      return .chunked
    }
  }

  private static func expectsContent(_ method: ArraySlice<UInt8>) -> Bool {
    method.elementsEqual("POST".utf8) || method.elementsEqual("PUT".utf8) || method.elementsEqual("PATCH".utf8)
  }

  mutating func writeContentLength(_ length: UInt64) {
    writeStaticString("content-length: ")
    writeString(String(length))
    writeStaticString("\r\n")
  }
}
