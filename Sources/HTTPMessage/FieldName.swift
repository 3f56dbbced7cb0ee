/// The lower-case name of a field that quicgw looks for, kept as bytes so that a look-up compares memory and makes no `String`.
///
/// Names on HTTP/2 and HTTP/3 are lower case by RFC 9113 §8.2 and RFC 9114 §4.2; the HTTP/1.1 wire lowers names when it reads
/// them, so every comparison in the program is one of bytes.
public struct FieldName: Hashable, Sendable {
  /// The name's bytes, lower case.
  public let bytes: [UInt8]

  /// - Parameter name: a lower-case token or a pseudo-header name such as `:path`.
  public init(_ name: String) {
    bytes = Array(name.utf8)
  }
}

extension FieldName: ExpressibleByStringLiteral, CustomStringConvertible {
  public init(stringLiteral value: StaticString) {
    self.init(value.description)
  }

  public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension FieldName {
  // Pseudo-header fields, RFC 9114 §4.3 and RFC 9220.
  public static let method = FieldName(":method")
  public static let scheme = FieldName(":scheme")
  public static let authority = FieldName(":authority")
  public static let path = FieldName(":path")
  public static let `protocol` = FieldName(":protocol")
  public static let status = FieldName(":status")

  // Fields that the gateway or a wire reads or writes.
  public static let connection = FieldName("connection")
  public static let contentLength = FieldName("content-length")
  public static let contentType = FieldName("content-type")
  public static let cookie = FieldName("cookie")
  public static let date = FieldName("date")
  public static let earlyData = FieldName("early-data")
  public static let expect = FieldName("expect")
  public static let forwarded = FieldName("forwarded")
  public static let grpcMessage = FieldName("grpc-message")
  public static let grpcStatus = FieldName("grpc-status")
  public static let host = FieldName("host")
  public static let http2Settings = FieldName("http2-settings")
  public static let keepAlive = FieldName("keep-alive")
  public static let priority = FieldName("priority")
  public static let proxyConnection = FieldName("proxy-connection")
  public static let proxyStatus = FieldName("proxy-status")
  public static let quicgwEdge = FieldName("quicgw-edge")
  /// On the link alone: what `ResponseHead.endsWithConnection` says, which the framing of HTTP/3 cannot.
  public static let quicgwLength = FieldName("quicgw-length")
  public static let secWebSocketAccept = FieldName("sec-websocket-accept")
  public static let secWebSocketKey = FieldName("sec-websocket-key")
  public static let te = FieldName("te")
  public static let trailer = FieldName("trailer")
  public static let transferEncoding = FieldName("transfer-encoding")
  public static let upgrade = FieldName("upgrade")
  public static let via = FieldName("via")
}
