import Events
import Exchange
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

@testable import Gateway

/// Whatever a head says, what goes on is well-formed, nothing is forged, and the exchange ends exactly once.
@Suite struct RandomHeadsTests {
  private static let pieces = [
    "for=", "host=", "\"", "\\", ",", ";", " ", "=", "shop.example", "[::1]", ":80", ":", "@", "*", "2 ", Scene.edge, Scene.core,
    "/", "..", "%2e", "/api", "?", "a", "é", "\t",
    "modules", "echo",
  ]

  private static func text(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 0...6, using: &generator)).map { _ in pieces[Int.random(in: pieces.indices, using: &generator)] }.joined()
  }

  private static func head(_ generator: inout SeededGenerator) -> RequestHead {
    var fields = FieldSection()
    let names: [FieldName] = [.forwarded, .via, .quicgwEdge, .host, .contentType, "quicgw_edge", .te]
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      fields.append(names[Int.random(in: names.indices, using: &generator)], text(&generator))
    }
    let usual = Bool.random(using: &generator)
    return RequestHead(
      method: usual ? "GET" : ["POST", "HEAD", "CONNECT", "OPTIONS"][Int.random(in: 0..<4, using: &generator)],
      authority: Int.random(in: 0..<4, using: &generator) > 0 ? "modules" : text(&generator),
      path: (usual ? "/" : "") + text(&generator), fields: fields,
      bodyLength: .unknown)
  }

  @Test(arguments: [Role.edge, .core])
  func areForwardedSafelyOrRefused(role: Role) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    var forwardedCount = 0
    for round in 0..<3000 {
      let routes = [Route(hosts: ["*.example"], pathPrefix: "/api", strip: true, service: "echo")]
      let scene = Scene(
        role,
        policy: Policy(
          routing: RoutingTable(
            services: [.at("modules"), .at("echo")], answersToNames: role == .core, routes: routes, defaultService: "modules")))
      let head = Self.head(&generator)
      let request = scene.open(head, identity: role == .core ? "edge-1" : nil)
      let place: Comment = "seed \(seed), round \(round): \(head.fields.description.debugDescription)"
      if let forwarded = scene.destination.requests.first?.head.fields {
        forwardedCount += 1
        let identities = forwarded.all(.quicgwEdge).map { String(decoding: $0, as: UTF8.self) }
        #expect(identities == (role == .core ? ["edge-1"] : []), place)
        #expect(!forwarded.contains("quicgw_edge") && !forwarded.contains(.host), place)
        #expect(forwarded.all(.authority).count == 1 && forwarded.first(.authority).flatMap { Authority($0) } != nil, place)
        #expect(forwarded.all(.path).count == 1, place)
        #expect(forwarded.first(.path)?.first == UInt8(ascii: "/") || forwarded.text(.path) == "*", place)
        #expect(forwarded.prefix(4).allSatisfy { $0.name.first == UInt8(ascii: ":") }, place)
        #expect(ViaField.names(scene.gateway.hop.nameBytes, in: forwarded), place)
        if role == .edge, case .host = ForwardedField.clientHost(in: forwarded) {} else if role == .edge { Issue.record(place) }
      } else {
        #expect([400, 403, 501, 502, 200].contains(scene.status ?? 0), place)
      }
      request.receiveRequestEnd(trailers: nil)
      if !scene.destination.requests.isEmpty {
        scene.destination.answer?.receiveHead(ResponseHead(status: 200))
        scene.destination.answer?.receiveResponseEnd(trailers: nil)
      }
      #expect(scene.events.summaries.count == 1, place)
    }
    #expect(forwardedCount > 300, "seed \(seed)")
  }
}
