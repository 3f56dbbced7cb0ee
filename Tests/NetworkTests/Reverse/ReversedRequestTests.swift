import Exchange
import Gateway
import HTTPMessage
import NIOCore
@testable import Network
import TestCertificates
import Testing

@Suite(.alone) struct `Requests cross from core to edge` {
  @Test(arguments: [1, 2]) func `content and trailers arrive whole, from every loop`(loopCount: Int) async throws {
    let site = try await ReversedSite.start(loopCount: loopCount)
    try await site.startEdge()
    try await site.wait(forEdges: 1)
    for index in 0..<loopCount {
      for size in [0, 1, 65_536, 3_000_000] {
        let content = ByteBuffer(repeating: UInt8(size % 251), count: size)
        let answer = try await site.call(
          "POST", path: "/x?y", body: size == 0 ? [] : [content], trailers: size == 0 ? nil : ["x-checksum": "\(size)"], onLoop: index)
        #expect(answer.head.status == 200)
        #expect(answer.head.fields.text(FieldName("saw-path")) == "/x?y")
        #expect(answer.head.fields.text(FieldName("saw-authority")) == "api.example")
        #expect(answer.body == content)
        #expect(answer.trailers?.text(FieldName("x-checksum")) == (size == 0 ? nil : "\(size)"))
      }
    }
    try await site.stop()
  }

  @Test func `many at once`() async throws {
    let site = try await ReversedSite.start()
    try await site.startEdge()
    try await site.wait(forEdges: 1)
    let content = ByteBuffer(repeating: 7, count: 20_000)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<300 {
        let gateway = site.gateways[index % 2]
        group.addTask {
          let head = RequestHead(method: "POST", authority: "api", path: "/", bodyLength: .known(20_000))
          return try await Call.send(head, body: [content], through: gateway).body == content
        }
      }
      for try await isWhole in group { #expect(isWhole) }
    }
    try await site.stop()
  }
}
