import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import NIOCore
import QUICTransport
import Testing

@testable import HTTP3

@Suite("A slow reader stops its own writer")
struct BackPressureTests {
  @Test("the sender stops at the window and goes on when the reader takes")
  func stopsAtTheWindow() throws {
    let pair = try SessionPair()
    pair.serverLog.consumes = false
    let stream = try #require(pair.client.submitRequest(.post()))
    pair.client.sendBody(ByteBuffer(bytes: pattern(1 << 20)), on: stream)
    pair.client.finish(stream)
    try pair.run()
    let first = pair.serverLog[stream].body.count
    let window = HTTP3Configuration().initialStreamWindowBytes
    #expect(first > window - 8 * 1024 && first <= window)
    #expect(pair.server.unconsumedBytes == first)
    #expect(pair.clientLog[stream].sent <= first + 32 * 1024, "the producer is told of what left, not of what waits")
    pair.serverLog.consume(pair.serverLog.streams[stream.id]!, on: pair.server)
    pair.serverLog.consumes = true
    try pair.run()
    #expect(pair.serverLog[stream].body == pattern(1 << 20))
    #expect(pair.server.unconsumedBytes == 0)
    pair.expectNoViolation()
  }

  @Test("one slow stream does not stop the others")
  func othersGoOn() throws {
    let pair = try SessionPair()
    pair.serverLog.consumes = false
    let slow = try #require(pair.client.submitRequest(.post("/slow")))
    pair.client.sendBody(ByteBuffer(repeating: 1, count: 1 << 20), on: slow)
    try pair.run()
    let fast = try #require(pair.client.submitRequest(.post("/fast")))
    pair.client.sendBody(ByteBuffer(repeating: 2, count: 1 << 20), on: fast)
    pair.client.finish(fast)
    for _ in 0..<10_000 where !pair.serverLog[fast].isComplete {
      try pair.step()
      if let stream = pair.serverLog.streams[fast.id] { pair.serverLog.consume(stream, on: pair.server) }
    }
    #expect(pair.serverLog[fast].isComplete)
    #expect(pair.serverLog[slow].body.count <= HTTP3Configuration().initialStreamWindowBytes)
    pair.expectNoViolation()
  }

  @Test("the window grows for a reader that keeps up and stays for one that does not")
  func growth() {
    var budget = ReceiveBudget(totalBytes: 32 << 20)
    budget.linkTakes(.milliseconds(210))
    var fast = ReceiveWindow(initialBytes: 128 << 10)
    for _ in 0..<2000 {
      fast.received(16 << 10)
      budget.received(16 << 10)
      _ = fast.consumed(16 << 10, maximumBytes: 16 << 20, budget: &budget)
    }
    #expect(fast.bytes == 16 << 20)
    var slow = ReceiveWindow(initialBytes: 128 << 10)
    slow.received(128 << 10)
    budget.received(128 << 10)
    for _ in 0..<2000 {
      let credit = slow.consumed(1 << 10, maximumBytes: 16 << 20, budget: &budget)
      slow.received(credit)
      budget.received(credit)
    }
    #expect(slow.bytes == 128 << 10)
    fast.closed(budget: &budget)
    #expect(budget.overdrawnBytes == 0 && budget.heldBytes == 128 << 10)
  }

  @Test("the window is four times what was drained, so that what waits behind a lost packet does not stop the peer")
  func growthKeepsAhead() {
    var budget = ReceiveBudget(totalBytes: 32 << 20)
    budget.linkTakes(.milliseconds(210))
    var window = ReceiveWindow(initialBytes: 64 << 10)
    var drained = 0
    while drained < 4 << 20 {
      window.received(4 << 10)
      budget.received(4 << 10)
      _ = window.consumed(4 << 10, maximumBytes: 16 << 20, budget: &budget)
      drained += 4 << 10
      #expect(window.bytes >= min(4 * drained, 16 << 20), "\(drained)")
    }
  }

  @Test("a connection that has moved bulk gives the next stream such a window at once, and leaves as much to others")
  func growthIsRemembered() {
    var budget = ReceiveBudget(totalBytes: 32 << 20)
    budget.linkTakes(.milliseconds(210))
    func drain(_ window: inout ReceiveWindow, _ byteCount: Int) {
      for _ in 0..<byteCount / 4096 {
        window.received(4096)
        budget.received(4096)
        _ = window.consumed(4096, maximumBytes: 16 << 20, budget: &budget)
      }
    }
    var first = ReceiveWindow(initialBytes: 64 << 10)
    drain(&first, 20 << 20)
    #expect(first.bytes == 16 << 20)
    var beside = ReceiveWindow(initialBytes: 64 << 10)
    drain(&beside, 16 << 10)
    #expect(beside.bytes > 4 << 20 && beside.bytes < 9 << 20)
    first.closed(budget: &budget)
    beside.closed(budget: &budget)
    var next = ReceiveWindow(initialBytes: 64 << 10)
    drain(&next, 4 << 10)
    #expect(next.bytes == 64 << 10, "its reader has not shown that it keeps up")
    drain(&next, 4 << 10)
    #expect(next.bytes == 16 << 20)
  }

  @Test("a connection that has moved bulk opens one window at a time before anything is read from it")
  func nextIsOpen() {
    var budget = ReceiveBudget(totalBytes: 32 << 20)
    budget.linkTakes(.milliseconds(210))
    func open() -> (ReceiveWindow, Int) {
      var window = ReceiveWindow(initialBytes: 64 << 10)
      let credit = window.opened(maximumBytes: 16 << 20, budget: &budget)
      return (window, credit)
    }
    var first = ReceiveWindow(initialBytes: 64 << 10)
    #expect(first.opened(maximumBytes: 16 << 20, budget: &budget) == 0, "nobody knows yet what the link takes")
    for _ in 0..<5 << 10 {
      first.received(4096)
      budget.received(4096)
      _ = first.consumed(4096, maximumBytes: 16 << 20, budget: &budget)
    }
    #expect(first.bytes == 16 << 20)
    #expect(open().1 == 0, "another one is grown")
    first.closed(budget: &budget)
    var (next, credit) = open()
    #expect(next.bytes == credit + 64 << 10 && (4 << 20...9 << 20).contains(next.bytes), "\(next.bytes)")
    #expect(open().1 == 0)
    next.abandoned(budget: &budget)
    #expect(open().1 == credit, "what was not used is given back")
  }

  @Test("windows grow as far as the link needs it: by an eighth of the budget on the shortest, to twice the budget on a long one")
  func longLink() {
    func grown(_ roundTrip: Duration) -> Int {
      var budget = ReceiveBudget(totalBytes: 16 << 20)
      budget.linkTakes(roundTrip)
      var window = ReceiveWindow(initialBytes: 64 << 10)
      for _ in 0..<16 << 10 {
        window.received(4096)
        budget.received(4096)
        _ = window.consumed(4096, maximumBytes: 24 << 20, budget: &budget)
      }
      #expect(budget.wantsRoundTrip, "a path that has become longer must be seen")
      return window.grownBytes
    }
    func takesMost(of bytes: Int, _ roundTrip: Duration) -> Bool { (bytes / 5 * 4...bytes).contains(grown(roundTrip)) }
    #expect(takesMost(of: 2 << 20, .zero))
    #expect(takesMost(of: 2 << 20, .milliseconds(1)))
    #expect(takesMost(of: 12_800_000, .milliseconds(20)))
    #expect(takesMost(of: 16 << 20, .milliseconds(100)))
    let largest = (24 << 20) - (64 << 10)
    #expect(grown(.milliseconds(200)) == largest)
    #expect(grown(.seconds(30)) == largest)
  }

  @Test("what windows grew by while few streams were open does not come on top of what the budget allows many")
  func earlyGrowth() {
    var budget = ReceiveBudget(totalBytes: 16 << 20)
    budget.linkTakes(.milliseconds(1))
    var windows: [ReceiveWindow] = []
    for _ in 0..<200 {
      windows.append(ReceiveWindow(initialBytes: 64 << 10))
      budget.openWindowBytes = windows.count * 64 << 10
      for _ in 0..<64 {
        windows[windows.count - 1].received(4096)
        budget.received(4096)
        _ = windows[windows.count - 1].consumed(4096, maximumBytes: 16 << 20, budget: &budget)
      }
    }
    #expect(windows.reduce(0) { $0 + $1.bytes } <= 16 << 20)
  }

  @Test("credit that was given is exactly what was taken and what the window grew by", arguments: [1, 2, 3, 4] as [UInt64])
  func creditAddsUp(seed: UInt64) {
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var budget = ReceiveBudget(totalBytes: 1 << 20)
    var windows = (0..<8).map { _ in ReceiveWindow(initialBytes: 64 << 10) }
    var granted = [Int](repeating: 64 << 10, count: 8)
    var received = [Int](repeating: 0, count: 8)
    var shrunkBytes = 0
    for _ in 0..<20_000 {
      let index = Int.random(in: 0..<8, using: &generator)
      // A path that has become shorter, or longer.
      if Int.random(in: 0..<100, using: &generator) == 0 { budget.linkTakes(.milliseconds(Int.random(in: 0...8, using: &generator))) }
      if Bool.random(using: &generator) {
        let count = min(Int.random(in: 0...20_000, using: &generator), granted[index] - received[index])
        received[index] += count
        windows[index].received(count)
        budget.received(count)
      } else {
        let count = Int.random(in: 0...windows[index].unconsumedBytes, using: &generator)
        let before = windows[index].bytes
        granted[index] += windows[index].consumed(count, maximumBytes: 512 << 10, budget: &budget)
        shrunkBytes += max(0, before - windows[index].bytes)
      }
      let outstanding = granted[index] - received[index] + windows[index].unconsumedBytes
      #expect(outstanding == windows[index].bytes, "seed \(seed)")
      #expect(windows[index].bytes >= 64 << 10 && windows[index].bytes <= 512 << 10)
    }
    #expect(windows.reduce(0) { $0 + $1.unconsumedBytes } == budget.heldBytes)
    #expect(windows.reduce(0) { $0 + $1.grownBytes } <= 1_280_000, "what the longest of these paths asks for")
    #expect(shrunkBytes > 0)
  }

  @Test("stalled readers use up the budget, then the peer gets no new streams until they read")
  func budgetStopsStreams() throws {
    var configuration = HTTP3Configuration()
    let window = configuration.initialStreamWindowBytes
    configuration.receiveBudgetBytes = 8 * window
    configuration.maximumConcurrentStreams = 20
    var options = MemoryLinkOptions()
    options.bidirectionalStreams = 20
    let pair = try SessionPair(configuration: configuration, options: options)
    pair.serverLog.consumes = false
    pair.onRequest = { [server = pair.server] stream, head in
      if head.method.elementsEqual("GET".utf8) { server.submitResponse(ResponseHead(status: 204), on: stream) }
    }
    for _ in 0..<10 {
      let stream = try #require(pair.client.submitRequest(.post()))
      pair.client.sendBody(ByteBuffer(repeating: 1, count: 1 << 20), on: stream)
    }
    try pair.run()
    #expect(pair.server.unconsumedBytes >= 8 * window && pair.server.unconsumedBytes <= 10 * window)
    var opened = 0
    while opened < 100, pair.client.submitRequest(.get()) != nil {
      opened += 1
      try pair.run()
    }
    #expect(opened == 10, "those that were granted, and none for those that closed")
    pair.serverLog.consumes = true
    for stream in pair.serverLog.streams.values { pair.serverLog.consume(stream, on: pair.server) }
    try pair.run()
    #expect(pair.client.submitRequest(.get()) != nil)
    pair.expectNoViolation()
  }

  @Test("growth stops when the budget is used up")
  func budgetStopsGrowth() {
    var budget = ReceiveBudget(totalBytes: 1 << 20)
    budget.linkTakes(.milliseconds(2))
    var windows = (0..<4).map { _ in ReceiveWindow(initialBytes: 128 << 10) }
    for _ in 0..<1000 {
      for index in windows.indices {
        windows[index].received(64 << 10)
        budget.received(64 << 10)
        _ = windows[index].consumed(64 << 10, maximumBytes: 16 << 20, budget: &budget)
      }
    }
    #expect(windows.reduce(0) { $0 + $1.grownBytes } <= 1 << 20)
    #expect(windows.contains { $0.grownBytes > 0 })
  }
}
