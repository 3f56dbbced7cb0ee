import Exchange
import HTTPMessage
import LinkEmulator
import NIOCore
import Testing

/// Each side does what it likes at its own pace, on its own thread, and breaks off at a random point. Whatever meets whatever,
/// each side sees a well-formed exchange, nothing after its own last word, and everything is released.
@Suite struct CrossingCancellationTests {
  @Test(arguments: SeededGenerator.seeds)
  func `either side may break off at any point`(seed: UInt64) async throws {
    try await TwoLoops.run { loops in
      let watch = Watch()
      let serverDone = loops.far.makePromise(of: Void.self)
      let clientDone = loops.near.makePromise(of: Void.self)
      let server = try await loops.onFar { [far = loops.far] in NIOLoopBound(Holder<ServerPlay>(), eventLoop: far) }
      let client = try await loops.onNear { [near = loops.near] in NIOLoopBound(Holder<ClientPlay>(), eventLoop: near) }
      let path = try await loops.connect { [far = loops.far] exchange in
        watch.add("far end", exchange.response)
        watch.add("server's sink", exchange)
        let generator = SeededGenerator(seed: seed &* 2)
        let play = ServerPlay(exchange, generator: generator, eventLoop: far, done: serverDone)
        server.value.held = play
        play.step()
      }
      try await loops.onNear { [near = loops.near] in
        let generator = SeededGenerator(seed: seed &* 2 + 1)
        let play = ClientPlay(generator: generator, eventLoop: near, done: clientDone)
        client.value.held = play
        play.client.open(on: path.remote.value)
        watch.add("client's sink", play.client)
        watch.add("near end", play.client.request)
        play.step()
      }
      try await clientDone.futureResult.get()
      try await serverDone.futureResult.get()
      try await loops.settle()

      let answered = try await loops.onNear {
        let play = client.value.held
        client.value.held = nil
        return (parts: play?.client.parts ?? [], afterLastWord: play?.partsAfterLastWord)
      }
      let received = try await loops.onFar {
        let play = server.value.held
        server.value.held = nil
        path.server.value.forget()
        return (parts: play?.exchange.parts ?? [], afterLastWord: play?.partsAfterLastWord)
      }
      try await loops.settle()
      expectAnswer(answered.parts)
      expectRequest(received.parts)
      #expect(answered.afterLastWord == 0)
      #expect(received.afterLastWord == 0)
      #expect(watch.alive == [])
      #expect(watch.count == 4)
    }
  }

  private func expectAnswer(_ parts: [Part]) {
    let stages = parts.compactMap { part in
      switch part {
      case .interim: 0
      case .head: 1
      case .body: 2
      case .end: 3
      case .fail: 4
      default: nil
      }
    }
    #expect(stages == stages.sorted(), "\(parts)")
    #expect(stages.count { $0 == 1 } <= 1 && stages.count { $0 == 3 } <= 1 && stages.count { $0 == 4 } <= 1)
    #expect(!stages.contains(2) || stages.contains(1))
    #expect(Self.alphabet.hasPrefix(parts.text), "content has a gap: \(parts.text)")
  }

  private func expectRequest(_ parts: [Part]) {
    #expect(parts.first == .open("/"))
    #expect(Self.alphabet.hasPrefix(parts.text), "content has a gap: \(parts.text)")
    guard let cancel = parts.firstIndex(of: .cancel(.cancelled)) else { return }
    #expect(cancel == parts.count - 1)
  }

  static let alphabet = String(repeating: "abcdefghijklmnopqrstuvwxyz", count: 20)
}

/// Keeps a play on its loop.
private final class Holder<Held> {
  var held: Held?
}

/// Sends content piece by piece over several turns and then ends or cancels, or cancels before.
private final class ClientPlay {
  let client = Client()
  private(set) var partsAfterLastWord = 0
  private var generator: SeededGenerator
  private let eventLoop: any EventLoop
  private let done: EventLoopPromise<Void>
  private var sent = 0
  private var requestEnded = false
  private var hasCancelled = false

  init(generator: SeededGenerator, eventLoop: any EventLoop, done: EventLoopPromise<Void>) {
    self.generator = generator
    self.eventLoop = eventLoop
    self.done = done
    client.onPart = { [unowned self] _ in
      if hasCancelled { partsAfterLastWord += 1 }
    }
  }

  /// Does a few things now and the rest in later turns, until the exchange is over on this side.
  func step() {
    for _ in 0..<Int.random(in: 0...3, using: &generator) { act() }
    let isAnswered = client.parts.contains { if case .end = $0 { true } else { false } }
    if isAnswered && requestEnded { client.request = nil }
    guard client.request != nil else { return done.succeed() }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.step() }
  }

  private func act() {
    guard let request = client.request else { return }
    switch Int.random(in: 0...19, using: &generator) {
    case 0:
      hasCancelled = true
      client.request = nil
      request.cancel(.cancelled)
    case 1...2 where !requestEnded:
      requestEnded = true
      request.receiveRequestEnd(trailers: nil)
    case 3...9 where !requestEnded: client.send(String.piece(from: &sent, using: &generator))
    default: request.responseConsumed(1)
    }
  }
}

/// Answers piece by piece over several turns and then ends, or fails before.
private final class ServerPlay {
  let exchange: ServerExchange
  private(set) var partsAfterLastWord = 0
  private var generator: SeededGenerator
  private let eventLoop: any EventLoop
  private let done: EventLoopPromise<Void>
  private var stage = Stage.awaited
  private var sent = 0
  private var hasFailed = false

  private enum Stage {
    case awaited, begun, ended
  }

  init(_ exchange: ServerExchange, generator: SeededGenerator, eventLoop: any EventLoop, done: EventLoopPromise<Void>) {
    self.exchange = exchange
    self.generator = generator
    self.eventLoop = eventLoop
    self.done = done
    exchange.onPart = { [unowned self] _ in
      if hasFailed { partsAfterLastWord += 1 }
    }
  }

  func step() {
    for _ in 0..<Int.random(in: 0...3, using: &generator) { act() }
    guard exchange.response != nil, stage != .ended else { return done.succeed() }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.step() }
  }

  private func act() {
    guard let response = exchange.response else { return }
    switch (Int.random(in: 0...19, using: &generator), stage) {
    case (_, .ended): break
    case (0, _):
      hasFailed = true
      exchange.fail(.connectionTerminated)
    case (1, _): response.stopRequest(.noError)
    case (2...4, _): response.requestConsumed(1)
    case (5...6, .awaited): response.receiveInterim(ResponseHead(status: 103))
    case (7...12, .awaited):
      stage = .begun
      response.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    case (5...14, .begun): exchange.send(String.piece(from: &sent, using: &generator))
    case (15...16, .begun):
      stage = .ended
      response.receiveResponseEnd(trailers: nil)
    default: break
    }
  }
}

extension String {
  /// The next few letters of the alphabet: whoever puts pieces together sees at once whether one is missing.
  fileprivate static func piece(from sent: inout Int, using generator: inout SeededGenerator) -> String {
    let letters = CrossingCancellationTests.alphabet.dropFirst(sent).prefix(Int.random(in: 1...4, using: &generator))
    sent += letters.count
    return String(letters)
  }
}
