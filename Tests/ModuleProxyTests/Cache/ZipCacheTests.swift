import Exchange
import Foundation
import HTTPMessage
@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct ZipCacheTests {
  private static let path = "/example.test/greeting/@v/v1.2.3.zip"
  private static let zip = TestZip.of([
    ("go.mod", "module example.test/greeting\n"), ("data.txt", String(repeating: "0123456789abcdef", count: 20_000)),
  ]).bytes

  @Test func oneFetchServesAllAndIsKept() throws {
    let world = try CacheWorld()
    let clients = (0..<50).map { _ in world.get(Self.path) }
    #expect(world.origin.requests.count == 1)
    let fetch = world.origin.requests[0]
    fetch.begin(count: Self.zip.count)
    fetch.send(Self.zip[..<100_000])
    world.settle()
    #expect(clients.allSatisfy { $0.status == 200 && $0.body == Array(Self.zip[..<100_000]) }, "what has come is passed on")
    let late = world.get(Self.path)
    fetch.send(Self.zip[100_000...])
    fetch.end()
    world.settle()
    for client in clients + [late] { #expect(client.isComplete && client.body == Self.zip) }
    #expect(fetch.consumed == 100_000, "what comes is taken, as long as the origin sends")
    let next = world.get(Self.path)
    #expect(next.isComplete && next.body == Self.zip)
    #expect(next.cacheStatus == "test; hit")
    #expect(world.origin.requests.count == 1)
    #expect((world.events.answers(.miss), world.events.answers(.collapsed), world.events.answers(.hit)) == (1, 50, 1))
  }

  @Test func lastBytesWaitForTheCheck() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    let fetch = world.origin.requests[0]
    fetch.begin(count: Self.zip.count)
    fetch.send(Self.zip)
    world.settle()
    #expect(client.body.count == Self.zip.count - 64 * 1024)
    #expect(!client.isComplete)
    fetch.end()
    world.settle()
    #expect(client.isComplete)
  }

  @Test func aWrongZipIsNeverComplete() throws {
    let world = try CacheWorld()
    var wrong = Self.zip
    wrong[wrong.count / 2] ^= 1
    for (bytes, isSmall) in [(wrong, false), (TestZip([("x", "y")]).bytes, true)] {
      let client = world.get(Self.path)
      try #require(world.origin.requests.last).answer(200, bytes)
      world.settle()
      #expect(client.error != nil && !client.isComplete)
      #expect((client.head == nil) == isSmall, "what fits into the part that is held gets a status")
      #expect(world.get(Self.path).error?.status == 502, "asked again, the same is said")
      world.pass(.seconds(11))
    }
    #expect(world.events.refusals == [.malformed, .malformed])
    #expect(world.events.failures.map(\.module) == ["example.test/greeting", "example.test/greeting"])
    #expect(world.get(Self.path).head == nil, "nothing was kept")
    #expect(world.origin.requests.count == 3)
  }

  @Test func aTransferThatBreaksGoesOn() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count, fields: ["etag": "\"a\""])
    world.origin.requests[0].send(Self.zip[..<150_000])
    world.settle()
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(200))
    #expect(world.origin.requests.count == 2)
    let rest = world.origin.requests[1]
    #expect(rest.head.fields.text("range") == "bytes=150000-")
    #expect(rest.head.fields.text("if-range") == "\"a\"")
    rest.begin(206, count: Self.zip.count - 150_000, fields: ["content-range": "bytes 150000-\(Self.zip.count - 1)/\(Self.zip.count)"])
    rest.send(Self.zip[150_000..<200_000])
    rest.breakOff()
    world.pass(.milliseconds(200))
    // This one does not know ranges.
    world.origin.requests[2].answer(200, Self.zip, fields: ["etag": "\"a\""])
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
    #expect(world.events.count { if case .resumed = $0 { true } else { false } } == 2)
  }

  @Test func aTransferThatNeverGoesOnFails() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count)
    world.origin.requests[0].send(Self.zip[..<150_000])
    world.origin.requests[0].breakOff()
    for _ in 0..<50 {
      world.pass(.seconds(1))
      world.origin.requests.last?.breakOff()
    }
    #expect(client.error?.cause == .httpResponseIncomplete)
    #expect(world.events.failures.count == 1)
    #expect(world.events.failures.first.map { $0.retryCount > 5 && $0.edge == "edge-1" && $0.node == "node-1" } == true)
  }

  @Test func aClientThatLeavesStopsNobody() throws {
    let world = try CacheWorld()
    let first = world.get(Self.path)
    let second = world.get(Self.path)
    let slow = world.get(Self.path, takes: false)
    let fetch = world.origin.requests[0]
    fetch.begin(count: Self.zip.count)
    fetch.send(Self.zip[..<100_000])
    world.settle()
    first.request?.cancel(.cancelled)
    fetch.send(Self.zip[100_000...])
    fetch.end()
    world.settle()
    #expect(!fetch.isCancelled)
    #expect(second.isComplete && second.body == Self.zip)
    #expect(slow.body.count <= 1024 * 1024)
    #expect(!first.isComplete)
  }

  @Test func rangesAreServed() throws {
    let world = try CacheWorld()
    let cold = world.get(Self.path, fields: ["range": "bytes=10-19"])
    world.origin.requests[0].begin(count: Self.zip.count)
    world.origin.requests[0].send(Self.zip)
    world.settle()
    #expect(!cold.isComplete && cold.body.count < 10, "a part is no more right than the whole")
    world.origin.requests[0].end()
    #expect(world.origin.requests[0].head.fields.text("range") == nil)
    world.settle()
    let warm = world.get(Self.path, fields: ["range": "bytes=-10"])
    #expect((cold.status, warm.status) == (206, 206))
    #expect(cold.body == Array(Self.zip[10..<20]))
    #expect(warm.body == Array(Self.zip.suffix(10)))
    #expect(warm.head?.fields.text("content-range") == "bytes \(Self.zip.count - 10)-\(Self.zip.count - 1)/\(Self.zip.count)")
    #expect(world.get(Self.path, fields: ["range": "bytes=9999999-"]).status == 416)
    #expect(world.get(Self.path, fields: ["range": "bytes=0-1", "if-range": "\"other\""]).status == 200)
    let head = world.get(Self.path, method: "HEAD")
    #expect(head.isComplete && head.body.isEmpty && head.head?.fields.text(.contentLength) == String(Self.zip.count))
  }

  @Test func anotherProcessFindsIt() throws {
    let world = try CacheWorld()
    world.get(Self.path)
    world.origin.requests[0].answer(200, Self.zip)
    world.settle()
    try world.restart()
    #expect(world.get(Self.path).body == Self.zip)
    let file = try #require(FileHandle(forUpdatingAtPath: world.folder + Self.path))
    try file.seek(toOffset: 10_000)
    try file.write(contentsOf: Data([0xff, 0xfe]))
    try file.close()
    #expect(world.get(Self.path).head == nil, "a damaged file is fetched again")
    #expect(world.origin.requests.count == 2)
  }

  @Test func whatDoesNotExistIsSaidAgainForAWhile() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].answer(404, "not found: no such version")
    world.settle()
    #expect(client.status == 404 && client.text == "not found: no such version")
    #expect(world.get(Self.path).status == 404)
    #expect(world.origin.requests.count == 1)
    world.pass(.seconds(11))
    world.get(Self.path)
    #expect(world.origin.requests.count == 2)
  }

  @Test func requestsOfOneClientAloneArePassedOn() throws {
    let world = try CacheWorld()
    world.get(Self.path, fields: ["authorization": "Basic eA=="])
    world.get(Self.path, method: "POST")
    world.get("/other")
    world.get(Self.path, fields: ["disable-module-fetch": "true"])
    #expect(world.origin.requests.count == 4)
    #expect(world.origin.requests[0].head.fields.text("authorization") == "Basic eA==")
  }
}
