import Exchange
@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct DatabaseCacheTests {
  private static let zip = TestZip.good.bytes
  private static let goMod = "module example.test/greeting\n"
  private static let zipPath = "/example.test/greeting/@v/v1.2.3.zip"

  private static func database(zipHash: String? = nil) throws -> TestDatabase {
    let hash = try zipHash ?? ModuleZip.hash(zip, module: TestZip.module, version: TestZip.version)
    let others = (0..<300).map { "example.test/m\($0) v1.0.0 h1:x\n" }
    let own = "example.test/greeting v1.2.3 \(hash)\nexample.test/greeting v1.2.3/go.mod \(ModuleHash.h1(goMod: goMod.utf8))\n"
    return TestDatabase(records: others + [own])
  }

  /// Answers every question for the database until none is left.
  private func serve(_ database: TestDatabase, in world: CacheWorld, from first: Int = 0, spoil: (String, [UInt8]) -> [UInt8] = { $1 }) throws {
    var answered = first
    for _ in 0..<10 {
      for request in world.origin.requests.dropFirst(answered) where request.path.hasPrefix("/sumdb/") {
        let rest = request.path.replacing("/sumdb/\(database.key.name)/", with: "")
        let body: [UInt8]
        if rest == "supported" {
          body = []
        } else if rest.hasPrefix("lookup/") {
          body = Array(try database.lookup(300).utf8)
        } else {
          let tile = try #require(TreeProof(index: 300, treeSize: 301)?.tiles.first { $0.path == rest })
          body = database.content(of: tile)
        }
        request.answer(200, spoil(rest, body))
      }
      answered = world.origin.requests.count
      world.settle()
    }
  }

  private func fetch(_ database: TestDatabase, spoil: (String, [UInt8]) -> [UInt8] = { $1 }) throws -> (CacheWorld, TestClient, TestClient) {
    let world = try CacheWorld { $0.database = database.key }
    let zip = world.get(Self.zipPath)
    let mod = world.get("/example.test/greeting/@v/v1.2.3.mod")
    world.origin.asked(Self.zipPath).first?.answer(200, Self.zip)
    world.origin.asked("/example.test/greeting/@v/v1.2.3.mod").first?.answer(200, Self.goMod)
    world.settle()
    #expect(!zip.isComplete && !mod.isComplete, "the database is waited for")
    try serve(database, in: world, spoil: spoil)
    return (world, zip, mod)
  }

  @Test func whatIsRecordedIsTaken() throws {
    let (world, zip, mod) = try fetch(Self.database())
    #expect(zip.body == Self.zip && zip.isComplete)
    #expect(mod.text == Self.goMod && mod.isComplete)
    #expect(world.events.refusals.isEmpty)
    let lookups = world.origin.requests.filter { $0.path.contains("lookup") }
    #expect(lookups.count == 1, "both ask once")
  }

  @Test func anotherHashIsRefused() throws {
    let (world, zip, mod) = try fetch(Self.database(zipHash: "h1:AAAA"))
    #expect(zip.error?.status == 502 && zip.head == nil)
    #expect(mod.isComplete)
    #expect(world.events.refusals == [.hashMismatch])
    world.pass(.seconds(11))
    #expect(world.get(Self.zipPath).head == nil, "it was not kept")
  }

  @Test func aRecordThatIsNotInTheTreeIsRefused() throws {
    let database = try Self.database()
    let (world, zip, mod) = try fetch(database) { path, body in
      path.hasPrefix("tile/") ? body.map { $0 ^ 1 } : body
    }
    #expect(zip.error?.status == 502)
    #expect(mod.error?.status == 502)
    #expect(Set(world.events.refusals) == [.databaseUntrusted])
    let asked = world.origin.requests.count
    world.pass(.seconds(11))
    let again = world.get(Self.zipPath)
    world.origin.requests.last { $0.path == Self.zipPath }?.answer(200, Self.zip)
    try serve(database, in: world, from: asked)
    #expect(again.isComplete && again.body == Self.zip, "what was wrong has been forgotten")
  }

  @Test(arguments: ["tile/", "lookup/"])
  func whatWasDamagedOnceIsAskedForOnceMore(_ kind: String) throws {
    var spoiled: Set<String> = []
    let (world, zip, mod) = try fetch(Self.database()) { path, body in
      guard path.hasPrefix(kind), spoiled.insert(path).inserted else { return body }
      return kind == "tile/" ? body.map { $0 ^ 1 } : Array(String(decoding: body, as: UTF8.self).replacing("h1:", with: "h1:B").utf8)
    }
    #expect(!spoiled.isEmpty)
    #expect(zip.isComplete && mod.isComplete)
    #expect(world.events.refusals.isEmpty)
  }

  @Test func onlyWhatIsProvedIsKept() throws {
    let database = try Self.database()
    let (world, _, _) = try fetch(database)
    let tile = try #require(TreeProof(index: 300, treeSize: 301)?.tiles.first)
    let unproved = "/sumdb/\(database.key.name)/tile/8/3/000.p/1"
    world.get(unproved)
    world.origin.requests.last?.answer(200, [UInt8](repeating: 7, count: 32))
    world.settle()
    #expect(world.get(unproved).cacheStatus == "test; hit", "for a while")
    world.pass(.seconds(61))
    #expect(world.get("/sumdb/\(database.key.name)/\(tile.path)").cacheStatus == "test; hit")
    world.get(unproved)
    #expect(world.origin.asked(unproved).count == 2)
    try world.restart(database: database.key)
    #expect(world.get("/sumdb/\(database.key.name)/\(tile.path)").cacheStatus == "test; hit")
    world.get(unproved)
    #expect(world.origin.asked(unproved).count == 3)
  }

  @Test func withoutADatabaseNothingOfOneIsTakenForGood() throws {
    let world = try CacheWorld()
    let tile = "/sumdb/sum.golang.org/tile/8/0/000"
    let content = [UInt8](repeating: 7, count: 32)
    world.get(tile)
    world.origin.requests[0].answer(200, content)
    world.settle()
    #expect(world.get(tile).cacheStatus == "test; hit", "for a while")
    world.pass(.seconds(61))
    try world.restart()
    let stale = world.get(tile)
    #expect(world.origin.requests.count == 2)
    world.pass(.seconds(3))
    #expect(stale.body == content && stale.cacheStatus == "test; hit; detail=stale", "it is better than nothing")
  }

  @Test func whatIsKnownCountsWhileTheDatabaseIsAway() throws {
    let database = try Self.database(zipHash: "h1:AAAA")
    let (world, zip, _) = try fetch(database)
    #expect(zip.error != nil)
    world.pass(.seconds(11))
    // Nobody answers for other modules, so that the database is left alone.
    for index in 1...3 { ask(for: index, in: world) }
    world.pass(.seconds(11))
    #expect(world.events.count { if case .databaseUnreachable = $0 { true } else { false } } == 1)
    let again = world.get(Self.zipPath)
    world.origin.requests.last { $0.path == Self.zipPath }?.answer(200, Self.zip)
    world.settle()
    #expect(again.error?.status == 502 && again.head == nil)
  }

  /// Asks for a go.mod, which comes, while the database says nothing unless the test makes it.
  @discardableResult
  private func ask(for index: Int, in world: CacheWorld) -> TestClient {
    let path = "/example.test/m\(index)/@v/v1.0.0.mod"
    let client = world.get(path)
    world.origin.asked(path).last?.answer(200, "module example.test/m\(index)\n")
    world.settle()
    return client
  }

  @Test func oneQuestionWithoutAnswerSaysNothingOfOthers() throws {
    let database = try Self.database()
    let world = try CacheWorld { $0.database = database.key }
    let first = ask(for: 1, in: world)
    world.origin.asked("/sumdb/\(database.key.name)/supported").first?.answer(200, "")
    world.pass(.seconds(11))
    #expect(first.isComplete)
    let asked = world.origin.requests.count
    let zip = world.get(Self.zipPath)
    world.origin.asked(Self.zipPath).first?.answer(200, Self.zip)
    world.settle()
    #expect(!zip.isComplete, "the database is asked about it")
    try serve(database, in: world, from: asked)
    #expect(zip.isComplete)
    #expect(world.events.count { if case .databaseUnreachable = $0 { true } else { false } } == 0)
  }

  @Test func aRecordOfAnotherModuleIsRefused() throws {
    let database = try Self.database()
    let other = Array(try database.lookup(7).utf8)
    let (world, zip, mod) = try fetch(database) { path, body in path.hasPrefix("lookup/") ? other : body }
    #expect(zip.error?.status == 502 && mod.error?.status == 502)
    #expect(Set(world.events.refusals) == [.databaseUntrusted])
  }

  @Test func aRecordThatNobodyHasSignedIsRefused() throws {
    let (_, zip, _) = try fetch(Self.database()) { path, body in
      guard path.hasPrefix("lookup/") else { return body }
      return Array(String(decoding: body, as: UTF8.self).replacing("h1:", with: "h1:B").utf8)
    }
    #expect(zip.error?.status == 502)
  }

  @Test func aDatabaseThatIsNotThereKeepsNothingAway() throws {
    let world = try CacheWorld { $0.database = .sumGolangOrg }
    let zip = world.get(Self.zipPath)
    world.origin.asked(Self.zipPath).first?.answer(200, Self.zip)
    world.settle()
    #expect(!zip.isComplete)
    world.origin.asked("/sumdb/sum.golang.org/supported").first?.answer(404, "no")
    world.settle()
    #expect(zip.isComplete)
    let silent = try CacheWorld { $0.database = .sumGolangOrg }
    let waiting = (1...3).map { ask(for: $0, in: silent) }
    #expect(!waiting.contains { $0.isComplete })
    silent.pass(.seconds(11))
    #expect(waiting.allSatisfy { $0.isComplete }, "a database that says nothing is waited for ten seconds")
    let asked = silent.origin.requests.count
    let next = silent.get("/example.test/greeting/@v/v1.2.4.mod")
    silent.origin.requests.last?.answer(200, Self.goMod)
    silent.settle()
    #expect(next.isComplete, "and then left alone")
    #expect(silent.origin.requests.count == asked + 1)
    #expect(silent.events.count { if case .databaseUnreachable = $0 { true } else { false } } == 1)
    silent.pass(.seconds(61))
    let later = silent.get("/example.test/greeting/@v/v1.2.5.mod")
    silent.origin.requests.last?.answer(200, Self.goMod)
    silent.settle()
    #expect(!later.isComplete, "for a while")
  }
}
