import Exchange
import HTTPMessage
@testable import ModuleProxy
import NIOCore
import Testing

/// Several origins behind one cache.
@Suite struct SourceCacheTests {
  private static let zipPath = "/example.test/greeting/@v/v1.2.3.zip"
  private static let list = "/example.test/greeting/@v/list"
  private static let zip = TestZip.of([
    ("go.mod", "module example.test/greeting\n"), ("data.txt", String(repeating: "0123456789abcdef", count: 20_000)),
  ]).bytes

  /// The first yields as `yieldsToErrors` says; the second is public.
  private func world(
    yieldsToErrors: Bool = false, _ change: (inout ModuleSettings) -> Void = { _ in }
  ) throws -> (CacheWorld, TestOrigin) {
    let second = TestOrigin()
    let world = try CacheWorld(
      sources: { first, _ in
        ModuleSources(
          own: ModuleSource(first),
          list: [ModuleSource(first, yieldsToErrors: yieldsToErrors), ModuleSource(second, isPublic: true)])
      }, change)
    return (world, second)
  }

  @Test func whatTheFirstHasNotIsTheSeconds() throws {
    let (world, second) = try world()
    let client = world.get(Self.zipPath)
    #expect(second.requests.isEmpty)
    world.origin.requests[0].answer(404, "not here")
    world.settle()
    try #require(second.requests.count == 1)
    second.requests[0].answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
    #expect(world.get(Self.zipPath).cacheStatus == "test; hit")
    let list = world.get(Self.list)
    world.origin.requests[1].answer(410, "never here")
    world.settle()
    second.requests[1].answer(404, "not there")
    world.settle()
    #expect(list.status == 404 && list.text == "not there")
  }

  @Test func anErrorIsTheAnswerUnlessItYields() throws {
    let (strict, untouched) = try world()
    let client = strict.get(Self.list)
    strict.origin.requests[0].answer(403, "no")
    strict.settle()
    #expect(client.status == 403 && untouched.requests.isEmpty)
    let (lenient, second) = try world(yieldsToErrors: true)
    let served = lenient.get(Self.list)
    lenient.origin.requests[0].breakOff()
    lenient.settle()
    try #require(second.requests.count == 1)
    second.requests[0].answer(200, "v1.0.0\n")
    lenient.settle()
    #expect(served.text == "v1.0.0\n")
  }

  @Test func anErrorSaysMoreThanThatThereIsNone() throws {
    let (world, second) = try world(yieldsToErrors: true)
    let client = world.get(Self.list)
    world.origin.requests[0].answer(403, "not for you")
    world.settle()
    second.requests[0].answer(404, "not there")
    world.settle()
    #expect(client.status == 403 && client.text == "not for you")
    world.get(Self.list)
    #expect(world.origin.requests.count == 2, "it is not remembered as missing")
  }

  @Test func aTransferGoesOnWhereItBegan() throws {
    let (world, second) = try world()
    let client = world.get(Self.zipPath)
    world.origin.requests[0].answer(404, "not here")
    world.settle()
    second.requests[0].begin(count: Self.zip.count)
    second.requests[0].send(Self.zip[..<150_000])
    world.settle()
    second.requests[0].breakOff()
    world.pass(.milliseconds(200))
    #expect(world.origin.requests.count == 1)
    try #require(second.requests.count == 2)
    second.requests[1].begin(
      206, count: Self.zip.count - 150_000, fields: ["content-range": "bytes 150000-\(Self.zip.count - 1)/\(Self.zip.count)"])
    second.requests[1].send(Self.zip[150_000...])
    second.requests[1].end()
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
  }

  @Test func publicSourcesNeverHearOfPrivateModules() throws {
    let (world, second) = try world { $0.privateModules = [ModulePattern("example.test")!] }
    let paths = [Self.list, Self.zipPath, "/example.test/greeting/@latest", "/example.test/greeting/@v/master.info"]
    for path in paths {
      let client = world.get(path)
      world.origin.requests.last?.answer(404, "not here")
      world.settle()
      #expect(client.status == 404)
    }
    world.get("/sumdb/sum.golang.org/lookup/example.test/greeting@v1.2.3", fields: ["authorization": "Basic eA=="])
    #expect(second.requests.isEmpty)
    #expect(world.origin.requests.count == paths.count, "nor is a database asked")
  }

  @Test func aPublicServiceGetsNothingThatMayTellOfPrivateModules() throws {
    let world = try CacheWorld(sources: { origin, _ in ModuleSources(own: ModuleSource(origin, isPublic: true)) }) {
      $0.privateModules = [ModulePattern("example.test")!]
    }
    #expect(world.get(Self.list).status == 404)
    #expect(world.get(Self.list, fields: ["authorization": "Basic eA=="]).status == 404)
    #expect(world.get(Self.zipPath, method: "POST").status == 404)
    #expect(world.get("/Example.test/Greeting/@v/list").status == 404, "it cannot be told what that is")
    #expect(world.get(Self.zipPath, fields: ["disable-module-fetch": "true"]).status == 404)
    #expect(world.origin.requests.isEmpty)
    world.get("/other.test/greeting/@v/list", fields: ["authorization": "Basic eA=="])
    #expect(world.origin.requests.count == 1)
  }

  @Test func aLongRefusalIsNotWaitedFor() throws {
    let (world, second) = try world()
    let client = world.get(Self.list)
    let first = world.origin.requests[0]
    first.begin(404, count: nil)
    first.send([UInt8](repeating: 0x61, count: 50_000))
    world.settle()
    #expect(first.isCancelled)
    second.requests[0].answer(404, "not there")
    world.settle()
    #expect(client.text == "not there")
  }
}
