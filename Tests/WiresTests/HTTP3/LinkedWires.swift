import Events
import Exchange
import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import Testing
import Wires

/// A client's and a server's wire for HTTP/3 with a transport in memory between them.
final class LinkedWires {
  let handler = FakeHandler()
  let events = EventRecorder()
  let client: HTTP3ClientWire
  let server: HTTP3ServerWire
  let link: MemoryLink

  init(
    isAuthorized: Bool = true, waitingLimit: Int = 1024, configuration: HTTP3Configuration = HTTP3Configuration(),
    options: MemoryLinkOptions = MemoryLinkOptions()
  ) throws {
    client = HTTP3ClientWire(peer: .core, waitingLimit: waitingLimit, configuration: configuration, events: events)
    server = HTTP3ServerWire(handler: handler, hop: "core-1", events: events, configuration: configuration)
    link = try MemoryLink(client: client.application, server: server.application, options: options)
    if isAuthorized { server.authorize(Self.origin) }
  }

  static let origin = RequestOrigin(wire: .http3, identity: "edge-1", peerAddress: "192.0.2.1", listener: "link", isSecure: true)

  func open(_ head: RequestHead) -> FakeResponse {
    let response = FakeResponse()
    response.request = client.open(ExchangeRequest(head: head, origin: Self.origin), respondingTo: response)
    return response
  }

  /// Turns until nothing moves.
  func run() throws {
    var quiet = 0
    for _ in 0..<100_000 where quiet < 4 { quiet = try step() ? 0 : quiet + 1 }
    #expect(quiet == 4, "still moving")
  }

  @discardableResult
  func step() throws -> Bool {
    let moved = try link.step()
    server.processEvents()
    client.processEvents()
    return moved || link.client.needsWrite || link.server.needsWrite
  }

  /// One way only: what the client has goes to the server and is acted on there.
  func carryToServer() throws {
    try link.client.writePass()
    try link.server.deliver()
    server.processEvents()
  }

  func expectNothingLeft(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(client.openExchangeCount == 0, sourceLocation: sourceLocation)
    #expect(server.openExchangeCount == 0, sourceLocation: sourceLocation)
    #expect(link.client.violations == [] && link.server.violations == [], sourceLocation: sourceLocation)
    #expect(link.client.closeError == nil && link.server.closeError == nil, sourceLocation: sourceLocation)
  }
}

extension RequestHead {
  static func get(_ path: String = "/", fields: FieldSection = FieldSection()) -> RequestHead {
    RequestHead(method: "GET", scheme: "https", authority: "service", path: path, fields: fields)
  }

  static func post(_ path: String = "/", fields: FieldSection = FieldSection()) -> RequestHead {
    RequestHead(method: "POST", scheme: "https", authority: "service", path: path, fields: fields, bodyLength: .unknown)
  }
}
