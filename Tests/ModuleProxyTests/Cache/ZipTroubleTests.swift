import Exchange
import Foundation
import HTTPMessage
@testable import ModuleProxy
import NIOCore
import Testing

/// Origins that stall, change their mind, or say less than they should.
@Suite struct ZipTroubleTests {
  private static let path = "/example.test/greeting/@v/v1.2.3.zip"
  private static let zip = TestZip.of([
    ("go.mod", "module example.test/greeting\n"), ("data.txt", String(repeating: "0123456789abcdef", count: 20_000)),
  ]).bytes

  @Test func anEmptyZipIsNeverServed() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].sink.receiveHead(ResponseHead(status: 200, bodyLength: .none))
    world.settle()
    #expect(client.head == nil)
    world.origin.requests[0].end()
    world.settle()
    #expect(client.error?.status == 502 && client.head == nil && !client.isComplete)
    #expect(world.events.refusals == [.malformed])
  }

  @Test func anOriginThatStallsIsAskedAnew() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count)
    world.origin.requests[0].send(Self.zip[..<150_000])
    world.settle()
    for _ in 0..<12 { world.pass(.seconds(1)) }
    #expect(!world.origin.requests[0].isCancelled, "it may be asking a database")
    for _ in 0..<5 { world.pass(.seconds(1)) }
    #expect(world.origin.requests[0].isCancelled)
    try #require(world.origin.requests.count == 2)
    #expect(world.origin.requests[1].head.fields.text("range") == "bytes=150000-")
    world.origin.requests[1].begin(
      206, count: Self.zip.count - 150_000, fields: ["content-range": "bytes 150000-\(Self.zip.count - 1)/\(Self.zip.count)"])
    world.origin.requests[1].send(Self.zip[150_000...])
    world.origin.requests[1].end()
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
  }

  @Test func anOriginThatStallsForEverFailsAll() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count)
    world.origin.requests[0].send(Self.zip[..<150_000])
    world.settle()
    for _ in 0..<50 { world.pass(.seconds(1)) }
    #expect(client.error?.cause == .httpResponseIncomplete)
    world.get(Self.path)
    #expect(world.origin.requests.last.map { $0.head.fields.text("range") == nil && !$0.isCancelled } == true, "the next one begins anew")
  }

  @Test func anOriginThatStallsBeforeItsFirstByteIsAskedAnew() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count)
    for _ in 0..<17 { world.pass(.seconds(1)) }
    try #require(world.origin.requests.count == 2)
    world.origin.requests[1].answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
  }

  @Test func anOriginMayThinkBeforeItAnswers() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    for _ in 0..<120 { world.pass(.seconds(1)) }
    world.origin.requests[0].answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && world.origin.requests.count == 1)
    let other = world.get("/example.test/greeting/@v/v1.2.4.zip")
    for _ in 0..<310 { world.pass(.seconds(1)) }
    #expect(other.error?.cause == .destinationUnavailable, "but not for ever")
  }

  @Test func aStatusThatChangesBeforeTheFirstByteReachesAll() throws {
    let world = try CacheWorld()
    let first = world.get(Self.path)
    world.origin.requests[0].begin(count: Self.zip.count)
    let second = world.get(Self.path)
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(200))
    world.origin.requests[1].answer(404, "gone")
    world.settle()
    #expect((first.status, second.status) == (404, 404))
    #expect(first.text == "gone" && second.text == "gone")
  }

  @Test func aRefusalThatBreaksIsForgotten() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(404, count: 100)
    world.origin.requests[0].send("not".utf8)
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(200))
    world.origin.requests[1].answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && client.status == 200 && client.body == Self.zip)
  }

  @Test func theHeadOfTheLastAnswerCountsWhileNothingHasCome() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    world.origin.requests[0].begin(count: 9_999_999, fields: ["etag": "\"old\""])
    world.origin.requests[0].breakOff()
    world.pass(.milliseconds(200))
    world.origin.requests[1].answer(200, Self.zip)
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
    #expect(client.head?.fields.text("etag") == nil)
    #expect(client.head?.fields.text(.contentLength) == String(Self.zip.count))
  }

  @Test func aLongRefusalIsCutOff() throws {
    let world = try CacheWorld()
    for path in [Self.path, "/example.test/greeting/@v/list"] {
      let client = world.get(path)
      let request = try #require(world.origin.requests.last)
      request.begin(404, count: nil)
      for _ in 0..<3 { request.send([UInt8](repeating: 0x61, count: 50_000)) }
      world.settle()
      #expect(client.isComplete && client.status == 404 && client.body.count == 64 * 1024)
      #expect(request.isCancelled)
    }
  }

  /// The folder takes nothing, and so little may be in memory that it is full in the middle of a zip.
  @Test(arguments: [true, false], [0, 150_000])
  func whatThereIsNoRoomForIsPassedOn(_ hasRanges: Bool, _ memory: Int) throws {
    let world = try CacheWorld(memory: memory)
    try FileManager.default.removeItem(atPath: world.folder + "/.incoming")
    let client = world.get(Self.path)
    let part = world.get(Self.path, fields: ["range": "bytes=10-299999"])
    let fetch = world.origin.requests[0]
    fetch.begin(count: Self.zip.count, fields: ["etag": "\"a\""])
    fetch.send(Self.zip[..<100_000])
    world.settle()
    #expect(client.body.count == (memory > 0 ? 100_000 : 0))
    if memory > 0 {
      fetch.send(Self.zip[100_000..<200_000])
      world.settle()
    }
    #expect(fetch.isCancelled)
    try #require(world.origin.requests.count == 3)
    for request in world.origin.requests.dropFirst() {
      guard memory > 0 else {
        request.answer(200, Self.zip)
        continue
      }
      let isWhole = request.head.fields.text("range") == "bytes=100000-"
      #expect(isWhole || request.head.fields.text("range") == "bytes=100000-299999")
      #expect(request.head.fields.text("if-range") == "\"a\"")
      let rest = Array(isWhole ? Self.zip[100_000...] : Self.zip[100_000..<300_000])
      if hasRanges {
        request.answer(206, rest, fields: ["content-range": "bytes 100000-\(99_999 + rest.count)/\(Self.zip.count)"])
      } else {
        request.answer(200, Self.zip, fields: ["etag": "\"a\""])
      }
    }
    world.settle()
    #expect(client.isComplete && client.body == Self.zip)
    #expect(part.isComplete && (memory == 0 || part.body == Array(Self.zip[10..<300_000])))
    #expect(world.events.count { if case .storageFailed = $0 { true } else { false } } == 1)
  }

  @Test func whatNobodyWaitsForIsNotFetchedForEver() throws {
    let world = try CacheWorld()
    let client = world.get(Self.path)
    let fetch = world.origin.requests[0]
    fetch.begin(count: Self.zip.count)
    var sent = 0
    func drip(_ seconds: Int) {
      for _ in 0..<seconds {
        fetch.send(Self.zip[sent..<sent + 1000])
        sent += 1000
        world.pass(.seconds(1))
      }
    }
    drip(5)
    client.request?.cancel(.cancelled)
    drip(40)
    let second = world.get(Self.path)
    drip(1)
    second.request?.cancel(.cancelled)
    drip(40)
    #expect(!fetch.isCancelled, "somebody has come in between")
    drip(30)
    #expect(fetch.isCancelled)
    world.get(Self.path)
    #expect(world.origin.requests.count == 2)
  }

  @Test func onlySoManyAreFetchedAtTheSameTime() throws {
    let world = try CacheWorld()
    func path(_ index: Int) -> String { "/example.test/m\(index)/@v/v1.0.0.zip" }
    for index in 0..<256 { world.get(path(index)) }
    let gone = world.get(path(256))
    let next = world.get(path(257))
    #expect(world.origin.requests.count == 256)
    gone.request?.cancel(.cancelled)
    world.origin.requests[0].answer(404, "no")
    world.settle()
    #expect(world.origin.requests.count == 257)
    #expect(world.origin.requests.last?.path == path(257), "not for who has gone")
    world.origin.requests.last?.answer(404, "no")
    world.settle()
    #expect(next.status == 404)
  }

  /// The download fails while a write is under way, which fails, too.
  @Test func whatHasEndedDoesNotEndAgain() throws {
    let world = try CacheWorld(memory: 0)
    try FileManager.default.removeItem(atPath: world.folder + "/.incoming")
    func path(_ index: Int) -> String { "/example.test/m\(index)/@v/v1.0.0.zip" }
    for index in 0..<2 {
      let client = world.get(path(index))
      world.origin.requests[index].begin(count: 1000)
      world.origin.requests[index].send(Self.zip[..<100])
      world.origin.requests[index].send(Self.zip[..<1000])
      world.settle()
      #expect(client.error?.cause == .httpResponseIncomplete)
    }
    for index in 2..<300 { world.get(path(index)) }
    #expect(world.origin.requests.count == 2 + 256)
  }

  @Test(arguments: [200, 404, nil])
  func aDownloadThatIsOverIsHeldByNobody(_ status: Int?) throws {
    final class Owner: DownloadOwner {
      func downloadBegan(_ head: ResponseHead) {}
      func downloadRestarted() {}
      func downloadReceived(_ chunk: ByteBuffer) {}
      func downloadCompleted() {}
      func downloadFailed(_ failure: TransferFailure, status: Int?) {}
    }
    let world = try CacheWorld()
    let owner = Owner()
    weak var held: Download?
    do {
      let head = RequestHead(method: "GET", authority: "modules", path: "/x", fields: FieldSection())
      let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "127.0.0.1", listener: "l", isSecure: false)
      let limits = TransferLimits(bytes: 10, resumes: true, patience: .seconds(4), firstPatience: .seconds(4))
      let download = Download(
        ExchangeRequest(head: head, origin: origin), from: world.origin, limits: limits, executor: world.executor, owner: owner)
      held = download
      download.begin()
      if let status { world.origin.requests[0].answer(status, "content") } else { download.cancel() }
    }
    world.pass(.seconds(60))
    #expect(held == nil)
  }
}
