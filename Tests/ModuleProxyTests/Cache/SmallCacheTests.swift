import Exchange
import HTTPMessage
@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct SmallCacheTests {
  private static let list = "/example.test/greeting/@v/list"
  private static let info = "/example.test/greeting/@v/v1.2.3.info"

  @Test func whatIsImmutableIsAskedForOnce() throws {
    let world = try CacheWorld()
    let first = world.get(Self.info)
    let second = world.get(Self.info)
    #expect(world.origin.requests.count == 1)
    world.origin.requests[0].answer(200, #"{"Version":"v1.2.3"}"#)
    world.settle()
    #expect(first.text == second.text && first.isComplete)
    #expect(first.cacheStatus == "test; fwd=uri-miss")
    #expect(second.cacheStatus == "test; fwd=uri-miss; collapsed")
    world.pass(.hours(1000))
    #expect(world.get(Self.info).cacheStatus == "test; hit")
    try world.restart()
    #expect(world.get(Self.info).cacheStatus == "test; hit")
    #expect(world.origin.requests.count == 1)
  }

  @Test func listsGrowOldAndAreServedStale() throws {
    let world = try CacheWorld { $0.staleLimit = .seconds(600) }
    world.get(Self.list)
    world.origin.requests[0].answer(200, "v1.0.0\n")
    world.settle()
    world.pass(.seconds(59))
    #expect(world.get(Self.list).cacheStatus == "test; hit")
    world.pass(.seconds(2))
    let renewed = world.get(Self.list)
    #expect(world.origin.requests.count == 2)
    world.origin.requests[1].answer(200, "v1.0.0\nv1.1.0\n")
    world.settle()
    #expect(renewed.text == "v1.0.0\nv1.1.0\n")
    world.pass(.seconds(100))
    let stale = world.get(Self.list)
    #expect(stale.head == nil)
    world.pass(.seconds(3))
    #expect(stale.text == "v1.0.0\nv1.1.0\n", "an origin that says nothing is not waited for")
    #expect(stale.cacheStatus == "test; hit; detail=stale")
    #expect(stale.head?.fields.text("age") == "103")
    #expect(world.get(Self.list).isComplete, "nor asked again at once")
    #expect(world.events.count { if case .stale = $0 { true } else { false } } == 2)
    for request in world.origin.requests { request.breakOff() }
    world.pass(.seconds(700))
    let tooOld = world.get(Self.list)
    for _ in 0..<20 {
      world.pass(.seconds(1))
      world.origin.requests.last?.breakOff()
    }
    #expect(tooOld.error?.cause == .destinationUnavailable)
  }

  @Test func whatOneOriginDoesNotAnswerSaysNothingOfOthers() throws {
    let world = try CacheWorld()
    let lists = (0..<2).map { "/example.test/m\($0)/@v/list" }
    for list in lists {
      world.get(list)
      world.origin.requests.last?.answer(200, "v1.0.0\n")
      world.settle()
    }
    world.pass(.seconds(61))
    let stale = world.get(lists[0])
    world.pass(.seconds(3))
    #expect(stale.cacheStatus == "test; hit; detail=stale")
    let other = world.get(lists[1])
    #expect(other.head == nil, "this one is asked for")
    world.origin.requests.last?.answer(200, "v1.0.0\nv1.1.0\n")
    world.settle()
    #expect(other.text == "v1.0.0\nv1.1.0\n")
    let asked = world.origin.requests.count
    world.pass(.seconds(6))
    #expect(world.get(lists[0]).isComplete, "the first is still being asked for")
    #expect(world.origin.requests.count == asked, "and not once more beside")
    world.origin.asked(lists[0]).last?.answer(200, "v1.0.0\nv1.2.0\n")
    world.settle()
    #expect(world.get(lists[0]).text == "v1.0.0\nv1.2.0\n", "what comes late is for the next")
  }

  @Test func cachesBeforeThisOneAreNamed() throws {
    let world = try CacheWorld()
    for path in [Self.info, "/example.test/greeting/@v/v1.2.3.zip"] {
      let first = world.get(path)
      let second = world.get(path)
      let body = path == Self.info ? Array(#"{"Version":"v1.2.3"}"#.utf8) : TestZip.good.bytes
      world.origin.requests.last?.answer(200, body, fields: ["cache-status": "core; hit"])
      world.settle()
      #expect(first.cacheStatus == "core; hit, test; fwd=uri-miss")
      #expect(second.cacheStatus == "core; hit, test; fwd=uri-miss; collapsed")
      #expect(world.get(path).cacheStatus == "test; hit", "what was said once is not said for ever")
    }
  }

  @Test func passingTroubleIsNotTheClients() throws {
    let world = try CacheWorld()
    let client = world.get(Self.info)
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(300))
    world.origin.requests[1].answer(503, "busy")
    world.pass(.milliseconds(600))
    world.origin.requests[2].begin(count: 20)
    world.origin.requests[2].send("{\"Ver".utf8)
    world.origin.requests[2].breakOff()
    world.pass(.milliseconds(900))
    world.origin.requests[3].answer(200, #"{"Version":"v1.2.3"}"#)
    world.settle()
    #expect(client.text == #"{"Version":"v1.2.3"}"#)
    #expect(world.events.failures.isEmpty)
  }

  @Test(arguments: [
    ("/example.test/greeting/@v/v1.2.3.info", #"{"Version":"v9.9.9"}"#), ("/example.test/greeting/@v/v1.2.3.info", "<html>"),
    ("/example.test/greeting/@v/v1.2.3.info", #"{"Version":"v1.2.3","Time":"20"#), ("/example.test/greeting/@latest", #"{"Version":"v1""#),
    ("/example.test/greeting/@v/v1.2.3.info", #"{"Version":"v1.2.3","Origin":{"VCS":"git"}"#),
    ("/example.test/greeting/@v/list", "v1\u{0}"), ("/example.test/greeting/@v/list", "v1.0.0\n<p>sorry</p>\n"),
    ("/example.test/greeting/@v/v1.2.3.mod", "<html>this module is away</html>"), ("/example.test/greeting/@v/list", "no versions"),
    ("/example.test/greeting/@v/v1.2.3.info", #"{"Version":"v1"}"#), ("/example.test/greeting/@latest", "hello"),
    ("/example.test/greeting/@v/v1.2.3.mod", ""),
    ("/sumdb/sum.golang.org/tile/8/0/000", "short"), ("/sumdb/sum.golang.org/lookup/example.test/greeting@v1.2.3", "<html>"),
  ])
  func whatCannotBeRightIsRefused(_ path: String, _ body: String) throws {
    let world = try CacheWorld()
    let client = world.get(path)
    world.origin.requests[0].answer(200, body)
    world.settle()
    #expect(client.error?.status == 502)
    #expect(world.events.refusals == [.malformed])
    world.get(path)
    #expect(world.origin.requests.count == 2)
  }

  @Test func aVersionThatDoesNotFitMayBeAnsweredWithAnother() throws {
    let world = try CacheWorld()
    let path = "/example.test/greeting/@v/v2.0.0.info"
    let client = world.get(path)
    world.origin.requests[0].answer(200, #"{"Version":"v2.0.0+incompatible"}"#)
    world.settle()
    #expect(client.status == 200 && client.text == #"{"Version":"v2.0.0+incompatible"}"#)
    #expect(world.get(path).cacheStatus == "test; hit")
    world.pass(.seconds(61))
    world.get(path)
    #expect(world.origin.requests.count == 2, "it may be another one tomorrow")
    try world.restart()
    world.get(path)
    #expect(world.origin.requests.count == 3)
  }

  @Test func anEndThatMayBeABreakIsNotKept() throws {
    let world = try CacheWorld()
    for path in ["/example.test/greeting/@v/v1.2.3.mod", Self.list] {
      let client = world.get(path)
      let request = try #require(world.origin.requests.last)
      var head = ResponseHead(status: 200, bodyLength: .unknown)
      head.endsWithConnection = true
      request.sink.receiveHead(head)
      request.send((path == Self.list ? "v1.0.0\n" : "module example.test/greeting\n").utf8)
      request.end()
      world.settle()
      #expect(client.isComplete)
    }
    world.get("/example.test/greeting/@v/v1.2.3.mod")
    #expect(world.origin.requests.count == 3)
    #expect(world.get(Self.list).cacheStatus == "test; hit", "a list is asked for again soon")
    #expect(world.cache.store.entries().isEmpty)
  }

  /// Else what is asked for most would be thrown away first.
  @Test func whatIsUsedFromMemoryIsUsed() throws {
    let world = try CacheWorld()
    world.executor.time = 4_000_000_000
    world.get(Self.info)
    world.origin.requests[0].answer(200, #"{"Version":"v1.2.3"}"#)
    world.settle()
    let key = String(Self.info.dropFirst())
    world.pass(.seconds(700))
    world.get(Self.info)
    world.settle()
    #expect(world.cache.store.entries().map(\.usedAt) == [4_000_000_700])
    world.pass(.seconds(100))
    world.get(Self.info)
    #expect(world.cache.store.entries().map(\.usedAt) == [4_000_000_700], "not at every use")
    world.cache.store.remove(key)
    world.pass(.seconds(700))
    world.get(Self.info)
    world.settle()
    #expect(world.cache.store.entries().map(\.key) == [key], "it is worth its place again")
    #expect(world.origin.requests.count == 1)
  }

  /// A core tells an edge so of an answer of HTTP/1.1, whose framing does not cross the link.
  @Test func norIsOneThatTheCoreCallsSo() throws {
    let world = try CacheWorld()
    let path = "/example.test/greeting/@v/v1.2.3.mod"
    let client = world.get(path)
    world.origin.requests[0].answer(
      200, Array("module example.test/greeting\n".utf8), fields: ["quicgw-length": "connection"])
    world.settle()
    #expect(client.isComplete)
    world.get(path)
    #expect(world.origin.requests.count == 2)
  }

  @Test func whatThisProcessRefusesItselfIsNotTriedAgain() throws {
    let world = try CacheWorld()
    for path in [Self.info, "/example.test/greeting/@v/v1.2.3.zip"] {
      let client = world.get(path)
      world.origin.requests.last?.sink.fail(GatewayError(.destinationNotFound, side: .core, message: "it was taken out"))
      world.settle()
      #expect(client.error != nil)
    }
    world.pass(.seconds(1))
    #expect(world.origin.requests.count == 2)
  }

  @Test func aLargeGoModIsCheckedLikeASmallOne() throws {
    let world = try CacheWorld()
    let path = "/example.test/greeting/@v/v1.2.3.mod"
    let comments = String(repeating: "// a comment that fills a line of this file\n", count: 4000)
    let client = world.get(path)
    world.origin.requests[0].answer(200, "module example.test/greeting\n" + comments)
    world.settle()
    #expect(client.isComplete && world.get(path).cacheStatus == "test; hit")
    let other = world.get("/example.test/greeting/@v/v1.2.4.mod")
    world.origin.requests[1].answer(200, comments)
    world.settle()
    #expect(other.error?.status == 502)
  }

  @Test(arguments: ["/example.test/greeting/@v/v1.2.3.info", "/example.test/greeting/@v/v1.2.3.zip"])
  func whatAnOriginSaysBesideIsPassedOn(_ path: String) throws {
    let world = try CacheWorld()
    let client = world.get(path)
    let said: FieldSection = [
      "location": "https://other.test/", "set-cookie": "a=b", "www-authenticate": "Basic", "content-type": "text/html",
    ]
    world.origin.requests[0].answer(302, Array("moved".utf8), fields: said)
    world.settle()
    #expect(client.status == 302 && client.text == "moved")
    #expect(client.head?.fields.text("location") == "https://other.test/")
    #expect(client.head?.fields.text("www-authenticate") == "Basic")
    #expect(client.head?.fields.text("set-cookie") == nil, "it is one client's own")
    #expect(client.head?.fields.all(.contentLength).count == 1 && client.head?.fields.all(.contentType).count == 1)
    #expect(client.head?.fields.all(.status).count == 1)
  }

  @Test func whatIsRememberedBrieflyIsBounded() {
    var memory = BriefMemory<Int>()
    let start = NIODeadline.uptimeNanoseconds(1)
    for index in 0..<1000 {
      memory.put("\(index)", index, byteCount: 64 * 1024, until: start + .seconds(10), now: start)
      #expect(memory.byteCount <= 8 << 20)
    }
    #expect(memory.find("999", now: start) == 999)
    #expect(memory.find("999", now: start + .seconds(10)) == nil)
    memory.put("last", 1, byteCount: 1, until: start + .seconds(30), now: start + .seconds(20))
    #expect(memory.byteCount < 1000, "what has expired takes no room")
  }

  @Test func anEndlessListIsCutOff() throws {
    let world = try CacheWorld()
    let client = world.get(Self.list)
    let request = world.origin.requests[0]
    request.begin(count: nil)
    for _ in 0..<20 where client.error == nil {
      request.send([UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20))
      world.settle()
    }
    #expect(client.error?.status == 502)
    #expect(request.isCancelled)
    #expect(world.events.refusals == [.tooLarge])
  }

  /// Each by itself is small enough.
  @Test func fetchesTogetherHoldSoMuchAndNoMore() throws {
    let world = try CacheWorld()
    let memory = MemoryAllowance(1000)
    let head = RequestHead(method: "GET", authority: "modules", path: Self.list, fields: FieldSection())
    let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "127.0.0.1", listener: "l", isSecure: false)
    let limits = TransferLimits(bytes: 800, resumes: false, patience: .seconds(4), firstPatience: .seconds(4))
    var outcomes: [Int: SmallFetch.Outcome] = [:]
    func begin(_ index: Int, status: Int = 200) {
      let fetch = SmallFetch(
        ExchangeRequest(head: head, origin: origin), from: world.origin, limits: limits, memory: memory, executor: world.executor
      ) { outcome, _ in outcomes[index] = outcome }
      fetch.begin()
      world.origin.requests[index].begin(status, count: nil)
      world.origin.requests[index].send([UInt8](repeating: 1, count: status == 200 ? 600 : 100_000))
      world.settle()
    }
    begin(0)
    begin(1)
    guard case .failure(let failure, _)? = outcomes[1], failure.cause == .unreachable else {
      Issue.record("both were held")
      return
    }
    #expect(world.origin.requests[1].isCancelled && outcomes[0] == nil)
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(200))
    #expect(world.origin.requests.count == 3, "it begins anew, and holds nothing until something comes")
    world.origin.requests[2].answer(200, [UInt8](repeating: 1, count: 800))
    world.settle()
    guard case .answer? = outcomes[0] else {
      Issue.record("it was not fetched")
      return
    }
    #expect(memory.take(1000), "what has ended holds nothing")
    begin(3, status: 404)
    #expect(world.origin.requests[3].isCancelled)
  }

  @Test func privateModulesAreNoBusinessOfADatabase() throws {
    let world = try CacheWorld {
      $0.database = .sumGolangOrg
      $0.privateModules = [ModulePattern("*.test")!]
    }
    #expect(world.get("/sumdb/sum.golang.org/lookup/example.test/greeting@v1.2.3").status == 403)
    world.get("/example.test/greeting/@v/v1.2.3.mod")
    world.get("/example.test/greeting/@v/v1.2.3.zip")
    #expect(world.origin.requests.map(\.path) == ["/example.test/greeting/@v/v1.2.3.mod", "/example.test/greeting/@v/v1.2.3.zip"])
  }
}
