import Events
import Exchange
import HTTP3TestSupport
import HTTPMessage
import Testing
import Wires

/// Requests that leave a client before its handshake is complete (RFC 8470).
@Suite("Early requests over HTTP/3") struct HTTP3EarlyRequestTests {
  @Test("a 425 on a connection that takes no more leads to another one, not to the client")
  func tooEarlyWhileDraining() throws {
    let (wires, response) = try earlyRequest()
    wires.client.drain()
    wires.handler.last.answer(425)
    try wires.run()
    #expect(response.head == nil)
    #expect(response.error?.retry == .safe)
  }

  @Test("a client that speaks of early data itself gets its 425 there too")
  func ownEarlyDataWhileDraining() throws {
    let (wires, response) = try earlyRequest(fields: ["early-data": "1"])
    wires.client.drain()
    wires.handler.last.answer(425)
    try wires.run()
    #expect(response.head?.status == 425)
  }

  @Test("what was too early waits for the handshake, and its wait can be bounded as any other")
  func tooEarlyWaits() throws {
    let (wires, response) = try earlyRequest()
    var waitCount = 0
    wires.client.onWaitBegan = { _ in waitCount += 1 }
    wires.handler.last.answer(425)
    try wires.run()
    #expect(waitCount == 1)
    let request = try #require(response.request)
    #expect(wires.client.isWaiting(request))
    wires.client.giveUp(request, after: "5 s")
    #expect(response.error?.cause == .connectionLimitReached)
    #expect(wires.client.openExchangeCount == 0)
  }

  @Test("what was too early is sent again when the handshake is complete")
  func tooEarlyIsSentAgain() throws {
    let (wires, response) = try earlyRequest()
    wires.handler.last.answer(425)
    try wires.run()
    try wires.client.application.earlyDataDecided(isAccepted: true, on: wires.link.client)
    wires.server.authorize(LinkedWires.origin)
    try wires.run()
    #expect(wires.handler.exchanges.count == 2)
    wires.handler.last.answer(200)
    try wires.run()
    #expect(response.head?.status == 200)
    #expect(wires.events.earlySteps.filter { $0 != .served } == [.sent, .tooEarly])
  }

  @Test("a request that finds no stream was not sent")
  func sentIsCountedWhenItIs() throws {
    let (wires, _) = try earlyRequest { $0.bidirectionalStreams = 1 }
    _ = wires.open(.get("/b"))
    try wires.run()
    #expect(wires.events.earlySteps.count { $0 == .sent } == 1)
  }

  /// A request that has left early and was passed on.
  private func earlyRequest(
    fields: FieldSection = [:], configure: (inout MemoryLinkOptions) -> Void = { _ in }
  ) throws -> (LinkedWires, FakeResponse) {
    var options = MemoryLinkOptions()
    options.isEarly = true
    options.isClientEarly = true
    configure(&options)
    let wires = try LinkedWires(isAuthorized: false, options: options)
    try wires.run()
    let response = wires.open(.get("/a", fields: fields))
    try wires.run()
    wires.server.authorizeEarly(LinkedWires.origin)
    try wires.run()
    try #require(wires.handler.exchanges.count == 1)
    return (wires, response)
  }
}
