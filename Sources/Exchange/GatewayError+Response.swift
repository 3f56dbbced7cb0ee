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
    let name = Self.isToken(hop) ? hop : Self.quoted(hop)
    return "\(name); error=\(cause.rawValue); details=\(Self.quoted(message))"
  }

  /// sf-token: begins with a letter or `*` (RFC 8941 §3.3.4).
  private static func isToken(_ text: String) -> Bool {
    guard let first = text.utf8.first, first == UInt8(ascii: "*") || (first | 0x20 >= 0x61 && first | 0x20 <= 0x7a) else {
      return false
    }
    return FieldRules.isToken(text.utf8.filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") })
  }

  /// sf-string: visible ASCII and blanks, with quote and backslash escaped (RFC 8941 §3.3.3). Typographic signs become those of
  /// typewriters.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      for plain in plain(scalar).unicodeScalars {
        if plain == "\"" || plain == "\\" { quoted.append("\\") }
        quoted.unicodeScalars.append(plain)
      }
    }
    return quoted + "\""
  }

  private static func plain(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\u{20}"..."\u{7e}": String(scalar)
    case "“", "”", "„": "\""
    case "‘", "’": "'"
    case "–", "—": "-"
    case "…": "..."
    case "→": "->"
    default: "?"
    }
  }

  /// gRPC's percent-encoding of status messages: everything but visible ASCII without `%`, and blanks inside.
  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for (index, byte) in text.utf8.enumerated() {
      // A field's value must not end in a blank (RFC 9110 §5.5), nor begin with one.
      let isAtEnd = index == 0 || index == text.utf8.count - 1
      if (0x20...0x7e).contains(byte), byte != UInt8(ascii: "%"), byte != 0x20 || !isAtEnd {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
