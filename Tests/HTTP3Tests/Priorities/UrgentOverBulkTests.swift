import HTTP3
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@Suite("Urgent messages and bulk on one link (RFC 9218)")
struct UrgentOverBulkTests {
  /// Who says that a message is urgent.
  enum Word: CaseIterable {
    case request, answer
  }

  @Test("an urgent answer overtakes those that began before it", arguments: Word.allCases, [false, true])
  func answersOvertake(_ word: Word, isReversed: Bool) throws {
    let pair = try QUICSessionPair(isReversed: isReversed, conditions: Self.thinLink, seed: 4)
    let server = pair.server
    pair.onRequest = { stream, head in
      let isUrgent = head.path?.elementsEqual("/urgent".utf8) == true
      let fields: FieldSection = isUrgent && word == .answer ? ["priority": "u=1"] : [:]
      server.submitResponse(ResponseHead(status: 200, fields: fields, bodyLength: .unknown), on: stream)
      server.sendBody(ByteBuffer(repeating: 7, count: isUrgent ? Self.urgentBytes : Self.bulkBytes), on: stream)
      server.finish(stream)
    }
    pair.clientLog.keepsBodies = true
    #expect(pair.run { pair.client.canOpenRequest })
    let bulk = try (0..<3).map { try #require(pair.client.submitRequest(.get("/\($0)"))) }
    #expect(pair.run { bulk.allSatisfy { pair.clientLog[$0].body.count > 256 << 10 } })
    let before = bulk.map { pair.clientLog[$0].body.count }
    let urgent = try #require(
      pair.client.submitRequest(.get("/urgent", fields: word == .request ? ["priority": "u=1"] : [:])))
    #expect(pair.run { pair.clientLog[urgent].isComplete })
    let beside = bulk.enumerated().reduce(0) { $0 + pair.clientLog[$1.element].body.count - before[$1.offset] }
    #expect(beside < Self.urgentBytes / 2, "\(beside) bytes of bulk arrived until \(Self.urgentBytes) urgent ones had")
    #expect(pair.run { bulk.allSatisfy { pair.clientLog[$0].isComplete } }, "and bulk goes on")
    #expect(pair.closures == [])
  }

  @Test("an urgent upload overtakes those that began before it", arguments: [false, true])
  func uploadsOvertake(isReversed: Bool) throws {
    let pair = try QUICSessionPair(isReversed: isReversed, conditions: Self.thinLink, seed: 5)
    #expect(pair.run { pair.client.canOpenRequest })
    func upload(_ path: String, _ byteCount: Int, _ fields: FieldSection = [:]) throws -> HTTP3Stream {
      let stream = try #require(pair.client.submitRequest(.post(path, fields: fields)))
      pair.client.sendBody(ByteBuffer(repeating: 7, count: byteCount), on: stream)
      pair.client.finish(stream)
      return stream
    }
    let bulk = try (0..<3).map { try upload("/\($0)", Self.bulkBytes) }
    #expect(pair.run { bulk.allSatisfy { pair.serverLog[$0].body.count > 256 << 10 } })
    let before = bulk.map { pair.serverLog[$0].body.count }
    let urgent = try upload("/urgent", Self.urgentBytes, ["priority": "u=1, i"])
    #expect(pair.run { pair.serverLog[urgent].isComplete })
    let beside = bulk.enumerated().reduce(0) { $0 + pair.serverLog[$1.element].body.count - before[$1.offset] }
    #expect(beside < Self.urgentBytes / 2, "\(beside) bytes of bulk arrived until \(Self.urgentBytes) urgent ones had")
    #expect(pair.run { bulk.allSatisfy { pair.serverLog[$0].isComplete } }, "and bulk goes on")
    #expect(pair.closures == [])
  }

  private static let thinLink = LinkConditions(delay: .milliseconds(10), bitsPerSecond: 20_000_000)
  private static let urgentBytes = 1 << 20
  private static let bulkBytes = 4 << 20
}
