public import HTTPMessage
public import NIOCore

extension GatewayError {
  /// The answer that a client gets in place of the origin's.
  ///
  /// gRPC clients get a trailers-only response (status 200, `grpc-status` in the head); others the status with one line of text.
  /// Both carry `Proxy-Status` naming this hop.
  /// - Parameters:
  ///   - request: the request it answers; nil when the head could not be read.
  ///   - hop: this process's name in `Proxy-Status` and `Via`.
  public func response(to request: RequestHead?, hop: String) -> (head: ResponseHead, body: ByteBuffer?) {
    let isGRPC = request?.isGRPC ?? false
    return response(isGRPC: isGRPC, isHead: request?.isHead ?? false, hop: hop)
  }

  /// The same, for a wire that has kept only these two facts of the request.
  public func response(isGRPC: Bool, isHead: Bool, hop: String) -> (head: ResponseHead, body: ByteBuffer?) {
    var fields = FieldSection(byteCapacity: 256, fieldCapacity: 6)
    fields.append(.proxyStatus, proxyStatus(hop: hop))
    if isGRPC {
      fields.append(.contentType, "application/grpc")
      fields.append(.grpcStatus, String(cause.grpcStatus))
      fields.append(.grpcMessage, Self.percentEncoded("\(hop): \(message)"))
      return (ResponseHead(status: 200, fields: fields, bodyLength: .none), nil)
    }
    let body = ByteBuffer(string: "\(hop): \(message)\n")
    fields.append(.contentType, "text/plain; charset=utf-8")
    fields.append(.contentLength, String(body.readableBytes))
    let head = ResponseHead(status: status, fields: fields, bodyLength: isHead ? .none : .known(UInt64(body.readableBytes)))
    return (head, isHead ? nil : body)
  }

  /// A `Proxy-Status` member for this error: `hop; error=…; details="…"` (RFC 9209 §2).
  public func proxyStatus(hop: String) -> String {
    // sf-string: visible ASCII, with quote and backslash escaped (RFC 8941 §3.3.3).
    var details = ""
    for scalar in message.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { details.append("\\") }
      details.unicodeScalars.append((0x20...0x7e).contains(scalar.value) ? scalar : "?")
    }
    return "\(hop); error=\(cause.rawValue); details=\"\(details)\""
  }

  /// gRPC's percent-encoding of status messages: everything but visible ASCII without `%`.
  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if (0x20...0x7e).contains(byte), byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
