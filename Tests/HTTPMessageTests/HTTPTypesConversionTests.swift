import HTTPMessage
import HTTPTypes
import LinkEmulator
import Testing

@Suite struct HTTPTypesConversionTests {
  @Test(arguments: SeededGenerator.seeds)
  func `a request is the same after there and back`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let method = ["GET", "POST", "CONNECT", "M-SEARCH"].randomElement(using: &generator)!
    var head = RequestHead(
      method: method, scheme: ["http", "https"].randomElement(using: &generator)!, authority: "service.example:80",
      path: "/p?\(generator.next())", bodyLength: .known(7))
    if Bool.random(using: &generator) { head.fields.append(.protocol, "websocket") }
    for field in randomFields(using: &generator) {
      head.fields.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed)
    }
    let request = try #require(head.httpRequest)
    #expect(RequestHead(request, bodyLength: .known(7)) == head)
  }

  @Test(arguments: SeededGenerator.seeds)
  func `a response is the same after there and back`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let head = ResponseHead(
      status: Int.random(in: 100...999, using: &generator), fields: randomFields(using: &generator), bodyLength: .unknown)
    let response = try #require(head.httpResponse)
    #expect(response.status.code == head.status)
    #expect(ResponseHead(response, bodyLength: .unknown) == head)
  }

  @Test func `values that are not UTF-8 cross byte for byte`() throws {
    let latin: [UInt8] = [0x66, 0xfc, 0x72, 0xff, 0x80]
    var fields = FieldSection()
    fields.append(name: "x".utf8, value: latin)
    let converted = try #require(ResponseHead(status: 200, fields: fields).httpResponse)
    #expect(Array(try #require(ResponseHead(converted, bodyLength: .none).fields.first("x"))) == latin)
  }

  @Test func `names come back in lower case`() {
    var request = HTTPRequest(method: .get, scheme: "https", authority: "a", path: "/")
    request.headerFields[HTTPField.Name("X-Mixed-Case")!] = "1"
    #expect(RequestHead(request, bodyLength: .none).fields.text("x-mixed-case") == "1")
  }

  @Test func `a request in a form that has no scheme or path has none here`() {
    let request = HTTPRequest(method: .connect, scheme: nil, authority: "a:80", path: nil)
    let head = RequestHead(request, bodyLength: .unknown)
    #expect(head.fields == [":method": "CONNECT", ":authority": "a:80"])
  }

  @Test func `what swift-http-types cannot say is nil, not a trap`() {
    #expect(RequestHead(method: "G T", authority: "a", path: "/").httpRequest == nil)
    #expect(RequestHead(method: "GET", authority: "a", path: "/", fields: ["bad name": "x"]).httpRequest == nil)
    #expect(RequestHead(fields: [:], bodyLength: .none).httpRequest == nil)
    for status in [-1, 0, 99, 1_000, 99_999] { #expect(ResponseHead(status: status).httpResponse == nil, "status \(status)") }
  }

  private func randomFields(using generator: inout SeededGenerator) -> FieldSection {
    var fields = FieldSection()
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let name = ["cookie", "set-cookie", "x-bin", "accept", "authorization"].randomElement(using: &generator)!
      var value = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0x21...0xff, using: &generator)
      }
      value.removeAll { $0 == 0x7f }
      fields.append(name: name.utf8, value: value, neverIndexed: Bool.random(using: &generator))
    }
    return fields
  }
}
