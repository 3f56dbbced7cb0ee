import Events
import Exchange
import HTTPMessage
import NIOCore
import Testing

@testable import Gateway

/// Everything of an exchange passes at once and unchanged, both ways.
@Suite struct PassageTests {
  private let scene = Scene(.core, policy: .services("echo"))

  @Test func partsPassInOrderAndTheEndIsToldOnce() throws {
    let request = scene.open(.grpc(), identity: "edge-1", wire: .http3)
    let answer = try #require(scene.destination.answer)
    request.receiveRequestBody(ByteBuffer(string: "hello"))
    answer.requestConsumed(5)
    answer.receiveInterim(ResponseHead(status: 103))
    answer.receiveHead(ResponseHead(status: 200, fields: ["content-type": "application/grpc"], bodyLength: .unknown))
    answer.receiveResponseBody(ByteBuffer(string: "wor"))
    request.responseConsumed(3)
    request.receiveRequestBody(ByteBuffer(string: "!"))
    request.receiveRequestEnd(trailers: ["a": "b"])
    answer.receiveResponseBody(ByteBuffer(string: "ld"))
    #expect(scene.events.summaries.isEmpty)
    scene.now = scene.now + .milliseconds(7)
    answer.receiveResponseEnd(trailers: ["grpc-status": "5"])

    #expect(scene.destination.sink.parts == [.body("hello"), .consumed(3), .body("!"), .end(["a": "b"])])
    #expect(
      scene.client.parts == [.consumed(5), .interim(103), .head(200), .body("wor"), .body("ld"), .end(["grpc-status": "5"])])
    let summary = try #require(scene.summary)
    #expect(summary.service == "echo")
    #expect(summary.direction == .edgeToCore)
    #expect(summary.wire == "HTTP/3 → HTTP/1.1")
    #expect(summary.method == "POST")
    #expect(summary.path == "/echo.Echo/Say")
    #expect(summary.identity == "edge-1")
    #expect(summary.client == "127.0.0.1:50000")
    #expect(summary.status == 200)
    #expect(summary.grpcStatus == 5)
    #expect(summary.requestBytes == 6)
    #expect(summary.responseBytes == 5)
    #expect(summary.duration == .milliseconds(7))
    #expect(summary.outcome == .complete)
    #expect(summary.reason == nil)
  }

  /// RFC 9218 §8: a client's or an origin's own word stands.
  @Test(arguments: [
    (nil, nil, ["u=6, i"]), ("u=1", nil, []), (nil, "u=2", ["u=2"]), ("i", "u=2", ["u=2"]),
  ] as [(String?, String?, [String])])
  func answerHasTheUrgencyOfItsServiceWhereNothingIsSaid(client: String?, origin: String?, expected: [String]) throws {
    let services = [Service(name: "backup", origins: [try OriginURL("http://127.0.0.1:1")], urgency: 6)]
    let scene = Scene(.core, policy: Policy(routing: RoutingTable(services: services)))
    var head = RequestHead.get()
    if let client { head.fields.append(.priority, client) }
    _ = scene.open(head)
    #expect(scene.destination.fields.all(.priority).map { String(decoding: $0, as: UTF8.self) } == (client.map { [$0] } ?? []))
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(
      ResponseHead(status: 200, fields: origin.map { ["priority": $0] } ?? [:], bodyLength: .unknown))
    #expect(scene.client.heads.last?.fields.all(.priority).map { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test func answerMayEndBeforeTheRequest() throws {
    let request = scene.open(.grpc())
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(ResponseHead(status: 200))
    answer.receiveResponseEnd(trailers: nil)
    #expect(scene.events.summaries.isEmpty)
    request.receiveRequestBody(ByteBuffer(string: "late"))
    request.receiveRequestEnd(trailers: nil)
    #expect(scene.destination.sink.parts == [.body("late"), .end(nil)])
    #expect(scene.summary?.outcome == .complete)
    #expect(scene.summary?.requestBytes == 4)
  }

  @Test func trailersOnlyAnswerHasItsStatusInTheHead() throws {
    let request = scene.open(.grpc())
    request.receiveRequestEnd(trailers: nil)
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(ResponseHead(status: 200, fields: ["content-type": "application/grpc", "grpc-status": "14"]))
    answer.receiveResponseEnd(trailers: nil)
    #expect(scene.summary?.grpcStatus == 14)
    #expect(scene.summary?.outcome == .complete)
  }

  @Test func statusOfOtherContentIsNoGRPCStatus() throws {
    let request = scene.open(.get(host: "echo"))
    request.receiveRequestEnd(trailers: nil)
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(ResponseHead(status: 200, fields: ["grpc-status": "14"]))
    answer.receiveResponseEnd(trailers: nil)
    #expect(scene.summary?.grpcStatus == nil)
  }

  @Test func stoppedRequestNeedNotEnd() throws {
    _ = scene.open(.grpc())
    let answer = try #require(scene.destination.answer)
    answer.stopRequest(.noError)
    answer.stopRequest(.noError)
    #expect(scene.events.summaries.isEmpty)
    answer.receiveHead(ResponseHead(status: 200))
    answer.receiveResponseEnd(trailers: nil)
    #expect(scene.client.parts == [.stopped(.noError), .head(200), .end(nil)])
    #expect(scene.summary?.outcome == .complete)
  }

  @Test func endOfAStoppedRequestStillReachesTheDestination() throws {
    let request = scene.open(.grpc())
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(ResponseHead(status: 200))
    answer.receiveResponseEnd(trailers: nil)
    answer.stopRequest(.noError)
    request.cancel(.noError)
    #expect(scene.destination.sink.parts == [.cancelled(.noError)])
    #expect(scene.summary?.outcome == .complete)
  }

  @Test func cancelReachesTheDestinationAndNothingComesBack() throws {
    let request = scene.open(.grpc())
    let answer = try #require(scene.destination.answer)
    answer.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    request.cancel(.cancelled)
    answer.receiveResponseBody(ByteBuffer(string: "late"))
    answer.fail(GatewayError(.connectionTerminated, side: .origin, message: "late"))
    #expect(scene.destination.sink.parts == [.cancelled(.cancelled)])
    #expect(scene.client.parts == [.head(200)])
    #expect(scene.summary?.outcome == .cancelled)
    #expect(scene.summary?.reason == "the client cancelled the request")
    #expect(scene.summary?.status == 200)
  }

  @Test func openExchangesKeepThePolicyTheyBeganWith() throws {
    let request = scene.open(.get(host: "echo"))
    scene.gateway.policy = .services("other", "another")
    scene.open(.get(host: "echo"))
    #expect(scene.client.parts.first == .head(404))
    request.receiveRequestEnd(trailers: nil)
    #expect(scene.destination.sink.parts == [.end(nil)])
  }

  @Test func exchangeThatIsOverHoldsNobody() throws {
    weak var client: RecordingClient?
    weak var passage: AnyObject?
    do {
      let scene = Scene(.core, policy: .services("echo"))
      client = scene.client
      let request = scene.open(.get(host: "echo"))
      passage = request
      request.receiveRequestEnd(trailers: nil)
      scene.destination.answer?.receiveHead(ResponseHead(status: 204))
      scene.destination.answer?.receiveResponseEnd(trailers: nil)
      #expect(scene.summary?.status == 204)
      scene.destination.forgetAnswer()
    }
    #expect(client == nil)
    #expect(passage == nil)
  }
}

/// What a client gets in place of an answer.
@Suite struct FailureTests {
  private let refused = GatewayError(
    .connectionRefused, side: .origin, retry: .safe, message: "127.0.0.1:3000 refused the connection; is it running?")

  @Test func failureBeforeTheHeadIsAnAnswer() throws {
    let scene = Scene(.core, policy: .services("echo"))
    let request = scene.open(.get(host: "echo"))
    request.receiveRequestEnd(trailers: nil)
    scene.destination.answer?.fail(refused)
    #expect(
      scene.client.parts == [
        .head(502), .body("\(Scene.core): 127.0.0.1:3000 refused the connection; is it running?\n"), .end(nil),
      ])
    let fields = try #require(scene.client.heads.last?.fields)
    #expect(fields.text(.contentLength) == "76")
    #expect(
      fields.text(.proxyStatus)
        == "\(Scene.core); error=connection_refused; details=\"127.0.0.1:3000 refused the connection; is it running?\"")
    #expect(scene.summary?.outcome == .refused)
    #expect(scene.summary?.status == 502)
    #expect(scene.summary?.reason == refused.message)
  }

  @Test func requestThatIsStillComingIsStoppedBehindTheAnswer() {
    let scene = Scene(.core, policy: .services("echo"))
    let request = scene.open(RequestHead(method: "POST", authority: "echo", path: "/", bodyLength: .unknown))
    scene.destination.answer?.fail(refused)
    #expect(scene.client.parts.last == .stopped(.noError))
    request.receiveRequestBody(ByteBuffer(string: "late"))
    request.receiveRequestEnd(trailers: nil)
    request.cancel(.cancelled)
    #expect(scene.destination.sink.parts.isEmpty)
    #expect(scene.summary?.outcome == .refused)
  }

  @Test func gRPCClientsGetATrailersOnlyAnswer() throws {
    let scene = Scene(.core, policy: .services("echo"))
    scene.open(.grpc()).receiveRequestEnd(trailers: nil)
    scene.destination.answer?.fail(refused)
    #expect(scene.client.parts == [.head(200), .end(nil)])
    let fields = try #require(scene.client.heads.last?.fields)
    #expect(fields.text(.contentType) == "application/grpc")
    #expect(fields.text(.grpcStatus) == "14")
    #expect(fields.text(.grpcMessage) == "\(Scene.core): 127.0.0.1:3000 refused the connection; is it running?")
    #expect(fields.contains(.proxyStatus))
    #expect(scene.summary?.status == 200)
    #expect(scene.summary?.grpcStatus == 14)
    #expect(scene.summary?.outcome == .refused)
  }

  @Test(arguments: [("grpc.example", 12, "12"), ("user@x", 13, "13")])
  func gatewaysOwnRefusalsAreGRPCToo(host: String, status: Int, text: String) {
    let scene = Scene(.core, policy: .services("modules", "echo"))
    scene.open(.grpc(host: host))
    #expect(scene.client.heads.last?.fields.text(.grpcStatus) == text)
    #expect(scene.summary?.grpcStatus == status)
    #expect(scene.client.parts == [.head(200), .end(nil), .stopped(.noError)])
  }

  @Test func answerToHEADHasNoContent() {
    let scene = Scene(.core, policy: .services("echo"))
    scene.open(RequestHead(method: "HEAD", authority: "echo", path: "/")).receiveRequestEnd(trailers: nil)
    scene.destination.answer?.fail(refused)
    #expect(scene.client.parts == [.head(502), .end(nil)])
  }

  @Test func failureWhileOpeningIsAnAnswerToo() {
    let scene = Scene(.core, policy: .services("echo"))
    scene.destination.openFailure = GatewayError(.destinationUnavailable, side: .local, retry: .safe, message: "no link")
    let request = scene.open(.get(host: "echo"))
    #expect(scene.status == 503)
    request.receiveRequestEnd(trailers: nil)
    request.responseConsumed(10)
    #expect(scene.destination.sink.parts.isEmpty)
    #expect(scene.summary?.outcome == .refused)
  }

  @Test func failureBehindTheHeadIsAReset() {
    let scene = Scene(.core, policy: .services("echo"))
    let request = scene.open(.get(host: "echo"))
    scene.destination.answer?.receiveHead(ResponseHead(status: 200, bodyLength: .known(100)))
    scene.destination.answer?.receiveResponseBody(ByteBuffer(string: "ten bytes."))
    scene.destination.answer?.fail(GatewayError(.httpResponseIncomplete, side: .origin, message: "the origin closed early"))
    request.receiveRequestEnd(trailers: nil)
    #expect(scene.client.parts == [.head(200), .body("ten bytes."), .failed(.httpResponseIncomplete)])
    #expect(scene.destination.sink.parts.isEmpty)
    #expect(scene.summary?.outcome == .broken)
    #expect(scene.summary?.status == 200)
    #expect(scene.summary?.responseBytes == 10)
  }

  @Test func destinationThatGoesWithTheAnswerCompleteOnlyStopsTheRequest() {
    let scene = Scene(.core, policy: .services("echo"))
    _ = scene.open(.grpc())
    let answer = scene.destination.answer
    answer?.receiveHead(ResponseHead(status: 200))
    answer?.receiveResponseEnd(trailers: nil)
    answer?.fail(GatewayError(.connectionTerminated, side: .origin, message: "gone"))
    #expect(scene.client.parts == [.head(200), .end(nil), .stopped(.noError)])
    #expect(scene.summary?.outcome == .complete)
  }

  @Test func destinationThatBreaksTheOrderChangesNothing() {
    let scene = Scene(.core, policy: .services("echo"))
    scene.open(.get(host: "echo")).receiveRequestEnd(trailers: nil)
    let answer = scene.destination.answer
    answer?.receiveResponseBody(ByteBuffer(string: "early"))
    answer?.receiveResponseEnd(trailers: nil)
    answer?.receiveHead(ResponseHead(status: 200))
    answer?.receiveHead(ResponseHead(status: 201))
    answer?.receiveInterim(ResponseHead(status: 100))
    answer?.receiveResponseEnd(trailers: nil)
    answer?.receiveResponseEnd(trailers: nil)
    answer?.fail(refused)
    #expect(scene.client.parts == [.head(200), .end(nil)])
    #expect(scene.events.summaries.count == 1)
  }

  /// The framing of HTTP/3 cannot say it, and an edge's cache has to know; nobody else does.
  @Test(arguments: [Role.core, .edge], [true, false])
  func thatContentEndsWithItsConnectionIsToldOnTheLinkAlone(role: Role, endsWithConnection: Bool) throws {
    let scene = Scene(role, policy: .services("echo"))
    scene.open(.get(), identity: "edge-1", wire: role == .core ? .http3 : .http1)
    var head = ResponseHead(status: 200, fields: ["quicgw-length": "forged"], bodyLength: .unknown)
    head.endsWithConnection = endsWithConnection
    try #require(scene.destination.answer).receiveHead(head)
    let fields = try #require(scene.client.heads.last?.fields)
    #expect(fields.text(.quicgwLength) == (role == .core && endsWithConnection ? "connection" : nil))
  }

  @Test func nobodyElseSaysInThisHopsNameWhyARequestFailed() throws {
    let scene = Scene(.core, policy: .services("echo"))
    scene.open(.get(), identity: "edge-1", wire: .http3)
    let answer = try #require(scene.destination.answer)
    let own = scene.gateway.hop.name
    answer.receiveHead(
      ResponseHead(
        status: 502,
        fields: [
          "proxy-status": "\(own); error=connection_refused; details=\"a, b\"", "x": "y",
          "proxy-status": "cache; details=\"\\\", \(own)\", \"\(own)\";error=dns_error, other",
        ], bodyLength: .none))
    let fields = try #require(scene.client.heads.last?.fields)
    #expect(fields.all(.proxyStatus).map { String(decoding: $0, as: UTF8.self) } == ["cache; details=\"\\\", \(own)\", other"])
    #expect(fields.text("x") == "y")
  }

  @Test func answerToARequestThatCameRoundKeepsThisHopsWord() throws {
    let scene = Scene(.core, policy: .services("echo"))
    scene.open(.get(), identity: "edge-1", wire: .http3)
    let error = GatewayError(.loopDetected, side: .client, message: "it has come round")
    try #require(scene.destination.answer).receiveHead(error.response(isGRPC: false, isHead: false, hop: scene.gateway.hop.name).head)
    #expect(scene.client.heads.last?.fields.text(.proxyStatus)?.contains("error=proxy_loop_detected") == true)
  }
}
