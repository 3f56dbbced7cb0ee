import Exchange
import HTTPMessage
@testable import ModuleProxy
import NIOCore
import Testing

/// Origins that keep their files elsewhere.
@Suite struct RedirectCacheTests {
  private static let path = "/example.test/greeting/@v/v1.2.3.zip"
  private static let zip = TestZip.good.bytes

  /// An origin and another host, `cdn.example`.
  private func world() throws -> (CacheWorld, TestOrigin) {
    let other = TestOrigin()
    let world = try CacheWorld(sources: { origin, eventLoop in
      let follower = RedirectFollower(origin, eventLoop: eventLoop) { redirect, head in
        if RedirectHost(head.fields.text(.authority) ?? "")?.takes(redirect) == true { return .origin }
        return RedirectHost("cdn.example")?.takes(redirect) == true ? .other(other) : nil
      }
      return ModuleSources(own: ModuleSource(origin), list: [ModuleSource(follower)])
    })
    return (world, other)
  }

  @Test func anotherHostIsAskedAndLearnsNothing() throws {
    let (world, other) = try world()
    let client = world.get(Self.path, fields: ["cookie": "a=b", "x-own": "1", "user-agent": "go"])
    world.origin.requests[0].answer(302, Array("moved".utf8), fields: ["location": "https://cdn.example/files/1?sig=2"])
    world.settle()
    try #require(other.requests.count == 1)
    let asked = other.requests[0]
    let fields = asked.head.fields
    #expect((asked.path, fields.text(.authority), fields.text(.scheme)) == ("/files/1?sig=2", "cdn.example", "https"))
    #expect(fields.text("user-agent") == "go" && !fields.contains("cookie") && !fields.contains("x-own"))
    asked.answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
    #expect(world.get(Self.path).cacheStatus == "test; hit")
  }

  @Test func anotherPlaceOfTheOriginIsAsked() throws {
    let (world, _) = try world()
    let client = world.get(Self.path)
    world.origin.requests[0].answer(307, [], fields: ["location": "/elsewhere"])
    world.settle()
    try #require(world.origin.requests.count == 2)
    #expect(world.origin.requests[1].path == "/elsewhere")
    world.origin.requests[1].answer(200, Self.zip)
    world.settle()
    #expect(client.body == Self.zip)
  }

  @Test func theRestIsAskedForFromTheBeginning() throws {
    let (world, other) = try world()
    let data = String(repeating: "0123456789abcdef", count: 20_000)
    let zip = TestZip.of([("go.mod", "module example.test/greeting\n"), ("data", data)]).bytes
    let client = world.get(Self.path)
    world.origin.requests[0].answer(302, [], fields: ["location": "https://cdn.example/1"])
    world.settle()
    other.requests[0].begin(count: zip.count)
    other.requests[0].send(zip[..<150_000])
    world.settle()
    other.requests[0].breakOff()
    world.pass(.milliseconds(200))
    // What a redirect led to may be good for a while only.
    try #require(world.origin.requests.count == 2)
    world.origin.requests[1].answer(302, [], fields: ["location": "https://cdn.example/2"])
    world.settle()
    #expect(other.requests.last?.head.fields.text("range") == "bytes=150000-")
    let part: FieldSection = ["content-range": "bytes 150000-\(zip.count - 1)/\(zip.count)"]
    other.requests.last?.begin(206, count: zip.count - 150_000, fields: part)
    other.requests.last?.send(zip[150_000...])
    other.requests.last?.end()
    world.settle()
    #expect(client.isComplete && client.body == zip)
  }

  @Test(arguments: ["https://evil.example/x", "ftp://cdn.example/x", "https://cdn.example:8443/", "http://127.0.0.1/"])
  func whatMayNotBeFollowedIsPassedOn(_ location: String) throws {
    let (world, other) = try world()
    let client = world.get(Self.path)
    world.origin.requests[0].answer(302, Array("moved".utf8), fields: ["location": location])
    world.settle()
    #expect(client.status == 302 && client.head?.fields.text("location") == location)
    #expect(other.requests.isEmpty && world.origin.requests.count == 1)
  }

  @Test func whatWasAskedForInSecretIsNotAskedForInTheOpen() throws {
    let (world, other) = try world()
    let client = world.get(Self.path)
    world.origin.requests[0].answer(302, [], fields: ["location": "https://cdn.example/1"])
    world.settle()
    other.requests[0].answer(302, [], fields: ["location": "http://cdn.example/1"])
    world.settle()
    #expect(client.status == 302 && other.requests.count == 1)
  }

  @Test func noRedirectIsFollowedForEver() throws {
    let (world, _) = try world()
    let client = world.get(Self.path)
    for _ in 0..<10 {
      world.origin.requests.last?.answer(302, [], fields: ["location": Self.path])
      world.settle()
    }
    #expect(client.error != nil && client.head == nil)
    #expect(world.origin.requests.count == 6)
  }
}
