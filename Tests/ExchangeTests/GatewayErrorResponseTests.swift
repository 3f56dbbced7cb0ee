import Exchange
import HTTPMessage
import NIOCore
import Testing

@Suite struct GatewayErrorResponseTests {
  private let error = GatewayError(.connectionRefused, side: .origin, retry: .safe, message: "nobody listens at 10.0.0.7:80")

  @Test func `a client gets the status, a line of text and Proxy-Status`() {
    let request = RequestHead(method: "GET", authority: "a", path: "/")
    let (head, body) = error.response(to: request, hop: "core-1")
    #expect(head.status == 502)
    #expect(
      head.fields == [
        ":status": "502", "proxy-status": "core-1; error=connection_refused; details=\"nobody listens at 10.0.0.7:80\"",
        "content-type": "text/plain; charset=utf-8", "content-length": "38",
      ])
    #expect(head.bodyLength == .known(38))
    #expect(body == ByteBuffer(string: "core-1: nobody listens at 10.0.0.7:80\n"))
  }

  @Test func `an answer to HEAD has the same fields and no content`() {
    let plain = error.response(isGRPC: false, isHead: false, hop: "core-1")
    let (head, body) = error.response(to: RequestHead(method: "HEAD", authority: "a", path: "/"), hop: "core-1")
    #expect(head.fields == plain.head.fields)
    #expect(head.bodyLength == .none)
    #expect(body == nil)
  }

  @Test func `a gRPC client gets a trailers-only response`() {
    let request = RequestHead(method: "POST", authority: "a", path: "/s/m", fields: ["content-type": "application/grpc+proto"])
    let (head, body) = error.response(to: request, hop: "core-1")
    #expect(
      head.fields == [
        ":status": "200", "proxy-status": "core-1; error=connection_refused; details=\"nobody listens at 10.0.0.7:80\"",
        "content-type": "application/grpc", "grpc-status": "14", "grpc-message": "core-1: nobody listens at 10.0.0.7:80",
      ])
    #expect(head.bodyLength == .none)
    #expect(body == nil)
  }

  @Test func `a request whose head could not be read gets the plain form`() {
    let (head, body) = GatewayError(.httpRequestError, side: .client, message: "no").response(to: nil, hop: "edge-1")
    #expect(head.status == 400)
    #expect(body == ByteBuffer(string: "edge-1: no\n"))
  }

  @Test(arguments: [
    ("say \"no\"", #"say \"no\""#), (#"C:\path"#, #"C:\\path"#), ("zażółć ☃", "za???? ?"), ("a\r\nb: c\0\u{7f}", "a??b: c??"),
    ("", ""),
  ])
  func `details are a structured string whatever the message is`(message: String, details: String) {
    let error = GatewayError(.internalError, side: .local, message: message)
    #expect(error.proxyStatus(hop: "core-1") == "core-1; error=proxy_internal_error; details=\"\(details)\"")
    #expect(FieldRules.isValue(error.proxyStatus(hop: "core-1").utf8))
  }

  @Test(arguments: [
    ("core-1", "core-1"), ("core.example", "core.example"), ("*x", "*x"), ("a/b:c", "a/b:c"), ("1st", "\"1st\""),
    ("a b", "\"a b\""),
    ("a;b", "\"a;b\""), ("a\"b", #""a\"b""#), ("", "\"\""), ("käse", "\"k?se\""),
  ])
  func `a hop that is no token is written as a string`(hop: String, item: String) {
    #expect(error.proxyStatus(hop: hop).hasPrefix(item + "; error="))
  }

  @Test(arguments: [
    ("100 %", "hop: 100 %25"), ("zażółć", "hop: za%C5%BC%C3%B3%C5%82%C4%87"), ("a\nb", "hop: a%0Ab"),
    ("ends in a blank ", "hop: ends in a blank%20"),
    ("", "hop:%20"),
  ])
  func `a gRPC message is percent-encoded and a valid value`(message: String, encoded: String) {
    let (head, _) = GatewayError(.internalError, side: .local, message: message).response(isGRPC: true, isHead: false, hop: "hop")
    #expect(head.fields.text(.grpcMessage) == encoded)
    #expect(FieldRules.isValue(head.fields.first(.grpcMessage)!))
  }

  /// RFC 9209 §2.3 names the types and recommends the statuses; the gRPC codes are what clients make of those statuses, or say
  /// the same more precisely.
  @Test(arguments: [
    ("dns_error", 502, 14), ("destination_not_found", 404, 12), ("destination_unavailable", 503, 14),
    ("connection_refused", 502, 14),
    ("connection_terminated", 502, 14), ("connection_timeout", 504, 14), ("connection_read_timeout", 504, 14),
    ("connection_limit_reached", 503, 14), ("tls_protocol_error", 502, 14), ("tls_certificate_error", 502, 14),
    ("http_request_error", 400, 13), ("http_request_denied", 403, 7), ("http_request_timeout", 408, 14),
    ("http_request_header_section_size", 431, 8), ("http_response_incomplete", 502, 14),
    ("http_response_header_section_size", 502, 8), ("http_response_timeout", 504, 14), ("http_protocol_error", 502, 14),
    ("http_upgrade_failed", 501, 14), ("proxy_loop_detected", 502, 14), ("proxy_internal_error", 500, 13),
  ])
  func `each cause has one status on every wire`(name: String, status: Int, grpcStatus: Int) throws {
    let cause = try #require(GatewayError.Cause(rawValue: name))
    #expect(cause.status == status)
    #expect(cause.grpcStatus == grpcStatus)
    #expect(GatewayError(cause, side: .origin, message: "").status == status)
  }

  @Test func `the table names every cause`() {
    #expect(GatewayError.Cause.allCases.count == 21)
  }
}
