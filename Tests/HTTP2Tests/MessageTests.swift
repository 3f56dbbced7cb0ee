import HTTP2
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

@Suite struct MessageTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func aRequestAndItsAnswerCrossWithContentAndTrailers(_ seed: UInt64) throws {
    let pair = SessionPair(seed: seed, maximumPieceBytes: 40)
    let sent = try #require(pair.send(.post()))
    pair.client.write(ByteBuffer(string: "question"), on: sent.stream)
    pair.client.finish(sent.stream, trailers: ["x-sum": "8"])
    pair.run()
    let request = try #require(pair.requests.first)
    #expect(request.request?.bodyLength == .unknown)
    #expect(String(buffer: request.body) == "question")
    #expect(request.trailers == ["x-sum": "8"])
    #expect(request.isEnded)

    pair.server.submitInterim(ResponseHead(status: 103, fields: ["link": "</a>"]), on: request.stream)
    pair.server.submitResponse(ResponseHead(status: 200, fields: ["x-a": "b"], bodyLength: .unknown), on: request.stream)
    pair.server.write(ByteBuffer(string: "answer"), on: request.stream)
    pair.server.finish(request.stream, trailers: ["grpc-status": "0"])
    pair.run()
    #expect(sent.interims == [103])
    #expect(sent.response?.status == 200)
    #expect(sent.response?.fields.text("x-a") == "b")
    #expect(String(buffer: sent.body) == "answer")
    #expect(sent.trailers == ["grpc-status": "0"])
    #expect(sent.closedWith == .noError)
    #expect(request.takenBytes == 6)
    #expect(pair.client.openStreamCount == 0)
    #expect(pair.server.openStreamCount == 0)
  }

  @Test func aHeadThatEndsTheStreamSaysSo() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.run()
    #expect(pair.requests[0].request?.bodyLength == BodyLength.none)
    #expect(pair.requests[0].isEnded)
    pair.server.submitResponse(ResponseHead(status: 204), on: pair.requests[0].stream)
    pair.run()
    #expect(sent.response?.bodyLength == BodyLength.none)
    #expect(sent.isEnded)
    #expect(sent.trailers == nil)
  }

  @Test func trailersAloneFollowAHead() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.run()
    let stream = pair.requests[0].stream
    pair.server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
    pair.run()
    #expect(sent.response?.bodyLength == .unknown)
    #expect(!sent.isEnded)
    pair.server.finish(stream, trailers: ["grpc-status": "5"])
    pair.run()
    #expect(sent.trailers == ["grpc-status": "5"])
    #expect(sent.body.readableBytes == 0)
  }

  @Test func theAnnouncedLengthIsKnown() throws {
    let pair = SessionPair()
    var head = RequestHead.post(.known(3))
    head.fields.append(.contentLength, "3")
    let sent = try #require(pair.send(head))
    pair.client.write(ByteBuffer(string: "abc"), on: sent.stream)
    pair.client.finish(sent.stream, trailers: nil)
    pair.run()
    #expect(pair.requests[0].request?.bodyLength == .known(3))
    #expect(String(buffer: pair.requests[0].body) == "abc")
  }

  @Test func contentOfSixteenMegabytesArrivesWholeInBothDirections() throws {
    let seed: UInt64 = 5
    let pair = SessionPair(seed: seed, maximumPieceBytes: 70_000)
    let sent = try #require(pair.send(.post()))
    pair.run()
    pair.server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: pair.requests[0].stream)
    var generator = SeededGenerator(seed: seed)
    var expected = ByteBuffer()
    while expected.readableBytes < 16 << 20 {
      let chunk = ByteBuffer(
        repeating: UInt8.random(in: 0...255, using: &generator), count: Int.random(in: 1...200_000, using: &generator))
      expected.writeImmutableBuffer(chunk)
      pair.client.write(chunk, on: sent.stream)
      pair.server.write(chunk, on: pair.requests[0].stream)
    }
    pair.client.finish(sent.stream, trailers: nil)
    pair.server.finish(pair.requests[0].stream, trailers: nil)
    pair.run()
    #expect(pair.requests[0].body == expected)
    #expect(sent.body == expected)
    #expect(sent.takenBytes == expected.readableBytes)
    #expect(sent.closedWith == .noError)
  }

  @Test func smallChunksToASlowReaderAreJoined() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.run()
    let stream = pair.requests[0].stream
    pair.server.submitResponse(ResponseHead(status: 200, bodyLength: .unknown), on: stream)
    for number in 0..<5000 { pair.server.write(ByteBuffer(string: "\(number),"), on: stream) }
    pair.server.finish(stream, trailers: nil)
    pair.run()
    #expect(String(buffer: sent.body) == (0..<5000).map { "\($0)," }.joined())
  }

  @Test func neverIndexedFieldsStayNeverIndexed() throws {
    let pair = SessionPair()
    var head = RequestHead.get()
    head.fields.append(name: "authorization".utf8, value: "secret".utf8, neverIndexed: true)
    _ = pair.send(head)
    pair.run()
    let field = try #require(pair.requests[0].request?.fields.first { $0.name.elementsEqual("authorization".utf8) })
    #expect(field.neverIndexed)
  }

  @Test func sixtyKilobytesOfFieldsCross() throws {
    let pair = SessionPair()
    var head = RequestHead.get()
    head.fields.append(name: "x-a".utf8, value: [UInt8](repeating: 0x61, count: 32 * 1024))
    head.fields.append(name: "x-b".utf8, value: [UInt8](repeating: 0x01 + 0x7f, count: 28 * 1024))
    let sent = try #require(pair.send(head))
    pair.run()
    #expect(pair.requests.first?.request?.fields.first("x-b")?.count == 28 * 1024)
    var answer = ResponseHead(status: 200)
    answer.fields.append(name: "x-c".utf8, value: [UInt8](repeating: 0x7e, count: 32 * 1024))
    pair.server.submitResponse(answer, on: pair.requests[0].stream)
    pair.run()
    #expect(sent.response?.fields.first("x-c")?.count == 32 * 1024)
  }

  @Test func trailersFollowAKnownLengthOfZero() throws {
    let pair = SessionPair()
    let sent = try #require(pair.send(.get()))
    pair.run()
    let stream = pair.requests[0].stream
    pair.server.submitResponse(ResponseHead(status: 200, fields: ["content-length": "0"], bodyLength: .known(0)), on: stream)
    pair.server.finish(stream, trailers: ["grpc-status": "5"])
    pair.run()
    #expect(sent.response?.bodyLength == .known(0))
    #expect(sent.trailers == ["grpc-status": "5"])
    #expect(sent.closedWith == .noError)
  }

  @Test func interimResponsesAreCounted() throws {
    var configuration = HTTP2Configuration()
    configuration.limits.interimResponses = 2
    let pair = SessionPair(client: configuration)
    let sent = try #require(pair.send(.get()))
    pair.run()
    for _ in 0..<3 { pair.server.submitInterim(ResponseHead(status: 103), on: pair.requests[0].stream) }
    pair.run()
    #expect(sent.interims == [103, 103])
    #expect(pair.clientRefusals == [.malformed("interim responses without end")])
    #expect(sent.closedWith == .protocolError)
  }
}
