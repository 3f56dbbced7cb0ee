import HTTPMessage
import Testing

@Suite struct MessageHeadTests {
  @Test func `a request head puts pseudo-header fields first`() {
    let head = RequestHead(method: "POST", scheme: "https", authority: "a.example", path: "/x?y", fields: ["te": "trailers"])
    #expect(
      head.fields == [":method": "POST", ":scheme": "https", ":authority": "a.example", ":path": "/x?y", "te": "trailers"])
    #expect(head.method.elementsEqual("POST".utf8))
    #expect(head.scheme.map { $0.elementsEqual("https".utf8) } == true)
    #expect(head.path.map { $0.elementsEqual("/x?y".utf8) } == true)
    #expect(head.authority.map { $0.elementsEqual("a.example".utf8) } == true)
    #expect(head.protocol == nil)
    #expect(head.bodyLength == .none)
  }

  @Test func `the authority is Host where there is no other`() {
    #expect(RequestHead(fields: ["host": "h"], bodyLength: .none).authority?.elementsEqual("h".utf8) == true)
    #expect(RequestHead(fields: ["host": "h", ":authority": "a"], bodyLength: .none).authority?.elementsEqual("a".utf8) == true)
    #expect(RequestHead(fields: [:], bodyLength: .none).authority == nil)
  }

  @Test func `a head without a method has an empty one and is nothing special`() {
    let head = RequestHead(fields: [:], bodyLength: .none)
    #expect(head.method.isEmpty)
    #expect(!head.isConnect && !head.isHead && !head.isSafe && !head.isGRPC)
    #expect(head.path == nil)
  }

  @Test(arguments: ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE", "CONNECT", "PATCH", "get", "GETS", ""])
  func `safe methods are those of RFC 9110, in their own case`(method: String) {
    let head = RequestHead(method: method, authority: "a", path: "/")
    #expect(head.isSafe == ["GET", "HEAD", "OPTIONS", "TRACE"].contains(method))
    #expect(head.isConnect == (method == "CONNECT"))
    #expect(head.isHead == (method == "HEAD"))
  }

  @Test(arguments: [
    ("application/grpc", true), ("application/grpc+proto", true), ("application/grpc;charset=x", true),
    ("application/grpc-web", false),
    ("application/grpcx", false), ("application/json", false), ("", false),
  ])
  func `gRPC is known by its content type`(type: String, isGRPC: Bool) {
    #expect(RequestHead(method: "POST", authority: "a", path: "/", fields: ["content-type": type]).isGRPC == isGRPC)
  }

  @Test func `a response head begins with its status`() {
    let head = ResponseHead(status: 103, fields: ["link": "</a>"])
    #expect(head.fields == [":status": "103", "link": "</a>"])
    #expect(head.isInterim)
    #expect(!ResponseHead(status: 200).isInterim)
  }

  @Test func `fields that must not be indexed stay so in a head`() {
    var fields = FieldSection()
    fields.append(name: "authorization".utf8, value: "x".utf8, neverIndexed: true)
    #expect(RequestHead(method: "GET", authority: "a", path: "/", fields: fields).fields.last?.neverIndexed == true)
    #expect(ResponseHead(status: 200, fields: fields).fields.last?.neverIndexed == true)
  }

  @Test func `statuses without content`() {
    #expect((100...599).filter { ResponseHead.isBodyless(status: $0) } == Array(100...199) + [204, 304])
  }

  @Test func `the limits are those of the design`() {
    #expect(MessageLimits.defaults.nameBytes == 256)
    #expect(MessageLimits.defaults.valueBytes == 32_768)
    #expect(MessageLimits.defaults.sectionBytes == 65_536)
  }
}
