public import HTTPMessage
public import NIOCore

extension ByteBuffer {
  /// Appends a request head (RFC 9112 §3), with the framing that its body length asks for.
  ///
  /// An extended CONNECT becomes a GET that asks for the protocol (RFC 9110 §7.8); what follows may be written behind a 101 only.
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
    let upgrade = head.isConnect ? head.protocol : nil
    let isConnect = head.isConnect && upgrade == nil
    guard let target = isConnect ? head.authority : head.path, !target.isEmpty, OctetClass.target.holds(target) else {
      throw HTTP1Error(.malformed, "a request target that HTTP/1.1 cannot say")
    }
    writeBytes(upgrade == nil ? method : Self.get)
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
    if let upgrade {
      try writeUpgrade(upgrade, hasTE: notes.hasTE)
    } else if notes.hasTE {
      writeStaticString("connection: te\r\n")
    }
    let framing = writeFraming(head, isConnect: head.isConnect)
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

  private mutating func writeUpgrade(_ name: ArraySlice<UInt8>, hasTE: Bool) throws(HTTP1Error) {
    guard OctetClass.target.holds(name) else { throw HTTP1Error(.malformed, "a bad character in the name of a protocol") }
    writeStaticString(hasTE ? "connection: te, upgrade\r\nupgrade: " : "connection: upgrade\r\nupgrade: ")
    writeBytes(name)
    writeStaticString("\r\n")
  }

  private static let get = Array("GET".utf8)[...]

  private static func expectsContent(_ method: ArraySlice<UInt8>) -> Bool {
    method.elementsEqual("POST".utf8) || method.elementsEqual("PUT".utf8) || method.elementsEqual("PATCH".utf8)
  }

  mutating func writeContentLength(_ length: UInt64) {
    writeStaticString("content-length: ")
    writeString(String(length))
    writeStaticString("\r\n")
  }
}
