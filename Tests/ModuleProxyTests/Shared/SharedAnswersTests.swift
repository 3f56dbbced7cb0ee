import Events
@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct SharedAnswersTests {
  private static let list = "/example.test/greeting/@v/list"
  private static let info = "/example.test/greeting/@v/v1.2.3.info"
  private static let mod = "/example.test/greeting/@v/v1.2.3.mod"
  private let store = TestStore()

  /// Fetches from a replica's origin what the store is to have.
  private func share(_ path: String, _ text: String) throws {
    let replica = try CacheWorld(shared: store)
    replica.get(path)
    replica.origin.requests.last?.answer(200, text)
    replica.settle()
  }

  private func put(_ path: String, _ text: String, fetchedAt: Int64 = 1_800_000_000) {
    let key = String(path.dropFirst())
    store.values[key] = SharedEntry.encoded(SmallAnswer(contentType: "text/plain", fetchedAt: fetchedAt, body: ByteBuffer(string: text)), key: key)
  }

  @Test(arguments: [(list, "v1.2.3\n"), (info, #"{"Version":"v1.2.3"}"#), (mod, "module example.test/greeting\n")])
  func whatOneHasFetchedTheOthersHave(_ path: String, _ text: String) throws {
    try share(path, text)
    let other = try CacheWorld(shared: store)
    let client = other.get(path)
    #expect(client.text == text && client.cacheStatus == "test; hit; detail=shared")
    #expect(other.origin.requests.isEmpty)
    #expect(other.get(path).cacheStatus == "test; hit")
    #expect(other.events.answers(.shared) == 1 && other.events.lookups(.found) == 1)
    #expect(store.asked.count == 2, "its own memory is asked first")
    try other.restart()
    #expect(other.get(path).cacheStatus == "test; hit", "and its own disk")
  }

  @Test func listsGrowOldThereToo() throws {
    try share(Self.list, "v1.0.0\n")
    let other = try CacheWorld(shared: store)
    other.executor.time += 61
    let client = other.get(Self.list)
    #expect(!client.isComplete)
    other.origin.requests[0].answer(200, "v1.0.0\nv1.1.0\n")
    other.settle()
    #expect(client.text == "v1.0.0\nv1.1.0\n")
    let third = try CacheWorld(shared: store)
    third.executor.time += 62
    #expect(third.get(Self.list).text == "v1.0.0\nv1.1.0\n", "the newer one took its place")
  }

  @Test func anOriginThatIsAwayLeavesWhatWasShared() throws {
    try share(Self.list, "v1.0.0\n")
    let other = try CacheWorld(shared: store)
    other.executor.time += 600
    let client = other.get(Self.list)
    other.pass(.seconds(3))
    #expect(client.text == "v1.0.0\n" && client.cacheStatus == "test; hit; detail=stale")
  }

  @Test func aZipIsNotShared() throws {
    let world = try CacheWorld(shared: store)
    world.get("/example.test/greeting/@v/v1.2.3.zip")
    world.origin.requests[0].answer(200, TestZip.good.bytes)
    world.settle()
    #expect(store.asked.isEmpty && store.values.isEmpty)
  }

  @Test(arguments: [
    (info, #"{"Version":"v6.6.6"}"#), (mod, "<html>"), (list, "rubbish\n"), (mod, ""),
  ])
  func whatCannotBeRightIsFetched(_ path: String, _ text: String) throws {
    put(path, text)
    try expectFetched(path)
  }

  @Test func rubbishIsFetched() throws {
    store.values[String(Self.mod.dropFirst())] = ByteBuffer(string: "rubbish")
    try expectFetched(Self.mod)
    put(Self.list, "v9.9.9\n", fetchedAt: 1_900_000_000)
    try expectFetched(Self.list)
  }

  private func expectFetched(_ path: String) throws {
    let world = try CacheWorld(shared: store)
    let client = world.get(path)
    #expect(client.head == nil && world.origin.requests.count == 1)
    let right = path == Self.list ? "v1.2.3\n" : path == Self.info ? #"{"Version":"v1.2.3"}"# : "module example.test/greeting\n"
    world.origin.requests[0].answer(200, right)
    world.settle()
    #expect(client.text == right)
    #expect(world.events.lookups(.refused) == 1)
    #expect(world.events.refusals.isEmpty, "that is no fault of an origin")
    #expect(try CacheWorld(shared: store).get(path).text == right, "and what is right has taken its place")
  }

  @Test func aSilentStoreCostsOneWait() throws {
    try share(Self.mod, "module example.test/greeting\n")
    store.mood = .silent
    let world = try CacheWorld(shared: store) { $0.sharedPatience = .milliseconds(40) }
    world.get(Self.mod)
    world.get(Self.info)
    #expect(world.origin.requests.isEmpty)
    world.pass(.milliseconds(40))
    #expect(world.origin.requests.count == 2)
    world.get(Self.list)
    #expect(world.origin.requests.count == 3, "nobody waits again")
    #expect(world.events.stores == [.away])
    for answer in store.late { answer(.absent) }
    world.get("/example.test/greeting/@latest")
    #expect(world.origin.requests.count == 4, "what comes late is no sign that it is well")
    store.mood = .well
    world.pass(.seconds(1))
    world.get("/example.test/other/@v/list")
    #expect(world.origin.requests.count == 5, "nobody waits for the probe")
    #expect(world.events.stores == [.away, .back])
    put("/example.test/third/@v/list", "v1.0.0\n", fetchedAt: world.executor.time)
    #expect(world.get("/example.test/third/@v/list").text == "v1.0.0\n")
  }

  @Test func aStoreThatIsAwayIsNoError() throws {
    store.mood = .failing
    let world = try CacheWorld(shared: store)
    for path in [Self.info, Self.list] {
      let client = world.get(path)
      world.origin.requests.last?.answer(200, path == Self.list ? "v1.2.3\n" : #"{"Version":"v1.2.3"}"#)
      world.settle()
      #expect(client.status == 200)
    }
    #expect(store.asked.count == 1 && world.events.lookups(.failed) == 1 && world.events.lookups(.skipped) == 1)
  }

  @Test func aStoreThatTakesNothingIsToldOfOnce() throws {
    store.mood = .full
    let world = try CacheWorld(shared: store)
    for path in [Self.info, Self.list] {
      world.get(path)
      world.origin.requests.last?.answer(200, path == Self.list ? "v1.2.3\n" : #"{"Version":"v1.2.3"}"#)
      world.settle()
    }
    #expect(world.events.stores == [.full] && store.values.isEmpty && store.asked.count == 2)
  }

  @Test func aModIsBelievedOnlyWhenTheDatabaseHasIt() throws {
    let right = "module example.test/greeting\n"
    let database = TestDatabase(records: ["example.test/greeting v1.2.3/go.mod \(ModuleHash.h1(goMod: right.utf8))\n"])
    let cases: [(String, Bool, SharedLookupOutcome)] = [
      (right, true, .found), ("module example.test/poison\n", true, .refused), (right, false, .unproved),
    ]
    for (text, isReachable, outcome) in cases {
      put(Self.mod, text)
      let world = try CacheWorld(shared: store) { $0.database = database.key }
      let client = world.get(Self.mod)
      var answered: Set<ObjectIdentifier> = []
      for _ in 0..<4 {
        for request in world.origin.requests where request.path.hasPrefix("/sumdb/") && !answered.contains(ObjectIdentifier(request)) {
          answered.insert(ObjectIdentifier(request))
          request.answer(isReachable ? 200 : 404, request.path.hasSuffix("supported") ? "" : try database.lookup(0))
        }
        world.settle()
      }
      #expect(world.events.lookups(outcome) == 1, "\(text)")
      #expect(client.isComplete == (outcome == .found))
      if outcome != .found {
        world.origin.asked(Self.mod).last?.answer(200, right)
        world.settle()
      }
      #expect(client.text == right)
    }
  }
}

extension EventRecorder {
  fileprivate func lookups(_ outcome: SharedLookupOutcome) -> Int {
    count { if case .sharedLookup(let given) = $0 { given == outcome } else { false } }
  }

  fileprivate var stores: [SharedStoreState] {
    events.compactMap { if case .sharedStore(let state, _, _) = $0 { state } else { nil } }
  }
}
