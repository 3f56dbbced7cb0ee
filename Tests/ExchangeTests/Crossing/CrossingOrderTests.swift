import Exchange
import HTTPMessage
import NIOCore
import Testing

@Suite struct CrossingOrderTests {
  @Test func `all parts arrive on the other loop in their order`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        exchange.response?.receiveInterim(ResponseHead(status: 103))
        exchange.onPart = { part in
          switch part {
          case .body(let text):
            exchange.response?.requestConsumed(text.utf8.count)
            if exchange.parts.count == 2 { exchange.response?.receiveHead(ResponseHead(status: 200)) }
            exchange.send("echo " + text)
          case .end: exchange.response?.receiveResponseEnd(trailers: ["grpc-status": "0"])
          default: break
          }
        }
      }
      let ended = loops.near.makePromise(of: [Part].self)
      try await loops.onNear {
        let client = Client()
        client.onPart = { part in
          if case .end = part { ended.succeed(client.parts) }
        }
        client.open("/order", on: path.remote.value)
        client.send("hello")
        client.request?.receiveRequestEnd(trailers: ["x": "y"])
      }
      #expect(
        try await ended.futureResult.get() == [
          .interim(103), .consumed(5), .head(200), .body("echo hello"), .end(["grpc-status": "0"]),
        ])
      let received = try await loops.onFar { path.server.value.exchanges.map(\.parts) }
      #expect(received == [[.open("/order"), .body("hello"), .end(["x": "y"])]])
    }
  }

  @Test func `what one turn has for the other loop lands in one of its turns`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { [far = loops.far] exchange in
        guard exchange.parts == [.open("/0")] else { return }
        let bound = NIOLoopBound(exchange, eventLoop: far)
        far.execute { bound.value.record(.mark("next turn")) }
      }
      try await loops.onNear {
        for number in 0..<3 {
          let client = Client()
          client.open("/\(number)", on: path.remote.value)
          client.send("abc")
          client.request?.receiveRequestEnd(trailers: nil)
        }
      }
      try await loops.settle()
      let received = try await loops.onFar { path.server.value.exchanges.map(\.parts) }
      #expect(received.first == [.open("/0"), .body("abc"), .end(nil), .mark("next turn")])
      #expect(received.count == 3)
    }
  }

  @Test func `content of several turns stays in order`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect()
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        return NIOLoopBound(client, eventLoop: near)
      }
      for number in 0..<100 { try await loops.onNear { client.value.send("\(number),") } }
      try await loops.onNear { client.value.request?.receiveRequestEnd(trailers: nil) }
      try await loops.settle()
      let parts = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(parts.text == (0..<100).map { "\($0)," }.joined())
      #expect(parts.last == .end(nil))
    }
  }

  @Test func `both directions stream at once`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        exchange.response?.receiveHead(ResponseHead(status: 200))
        exchange.onPart = { part in
          if case .body(let text) = part { exchange.send(text) }
          if case .end = part { exchange.response?.receiveResponseEnd(trailers: nil) }
        }
      }
      let answers = loops.near.makePromise(of: Int.self)
      try await loops.onNear {
        let client = Client()
        // The next message leaves only when the one before it has come back.
        client.onPart = { part in
          guard case .body(let text) = part, let number = Int(text) else { return }
          if number == 50 {
            client.request?.receiveRequestEnd(trailers: nil)
            answers.succeed(number)
          } else {
            client.send("\(number + 1)")
          }
        }
        client.open(on: path.remote.value)
        client.send("1")
      }
      #expect(try await answers.futureResult.get() == 50)
    }
  }

  @Test func `a request that fails while it is opened fails on the other loop and nothing follows`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { $0.fail(.connectionRefused) }
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        client.send("not wanted")
        client.request?.receiveRequestEnd(trailers: nil)
        return NIOLoopBound(client, eventLoop: near)
      }
      try await loops.settle()
      let answer = try await loops.onNear { client.value.parts }
      #expect(answer == [.fail(.connectionRefused)])
      let received = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(received == [.open("/")])
    }
  }

  @Test func `a request that is answered while it is opened still gets its content through`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        exchange.response?.receiveHead(ResponseHead(status: 200))
        exchange.response?.receiveResponseEnd(trailers: nil)
      }
      try await loops.onNear {
        let client = Client()
        client.open(on: path.remote.value)
        client.send("late")
        client.request?.receiveRequestEnd(trailers: nil)
      }
      try await loops.settle()
      let received = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(received == [.open("/"), .body("late"), .end(nil)])
    }
  }

  @Test func `content that arrives after the request was stopped is dropped`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        exchange.onPart = { part in
          if case .body = part { exchange.response?.stopRequest(.noError) }
        }
      }
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        client.send("first")
        return NIOLoopBound(client, eventLoop: near)
      }
      try await loops.settle()
      try await loops.onNear {
        client.value.send("second")
        client.value.request?.receiveRequestEnd(trailers: nil)
      }
      try await loops.settle()
      let received = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(received == [.open("/"), .body("first"), .end(nil)])
      let answer = try await loops.onNear { client.value.parts }
      #expect(answer == [.stop(.noError)])
    }
  }
}

extension [Part] {
  /// The content in these parts, put together.
  var text: String {
    reduce(into: "") { text, part in
      if case .body(let chunk) = part { text += chunk }
    }
  }
}
