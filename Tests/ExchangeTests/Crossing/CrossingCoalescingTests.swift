import Exchange
import HTTPMessage
import NIOCore
import Testing

@Suite struct CrossingCoalescingTests {
  @Test func `tiny chunks of a request cross as few large ones, also when two exchanges take turns`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect()
      try await loops.onNear {
        let clients = [Client(), Client()]
        for client in clients { client.open(on: path.remote.value) }
        for number in 0..<10_000 {
          for client in clients { client.send("\(number % 10)") }
        }
        for client in clients { client.request?.receiveRequestEnd(trailers: nil) }
      }
      try await loops.settle()
      let received = try await loops.onFar { path.server.value.exchanges.map(\.parts) }
      #expect(received.count == 2)
      for parts in received {
        #expect(parts.text == String(repeating: "0123456789", count: 1_000))
        #expect(parts.count <= 2 + 3, "10 000 bytes are three chunks of 4 KiB, not \(parts.count - 2)")
      }
    }
  }

  @Test func `tiny chunks of a response cross as few large ones`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        exchange.response?.receiveHead(ResponseHead(status: 200))
        for number in 0..<10_000 { exchange.send("\(number % 10)") }
        exchange.response?.receiveResponseEnd(trailers: nil)
      }
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        return NIOLoopBound(client, eventLoop: near)
      }
      try await loops.settle()
      let parts = try await loops.onNear { client.value.parts }
      #expect(parts.text == String(repeating: "0123456789", count: 1_000))
      #expect(parts.count <= 2 + 3)
    }
  }

  @Test func `reports of consumed bytes of one turn cross as one`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect { exchange in
        for _ in 0..<1_000 { exchange.response?.requestConsumed(3) }
      }
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        for _ in 0..<1_000 { client.request?.responseConsumed(2) }
        return NIOLoopBound(client, eventLoop: near)
      }
      try await loops.settle()
      let near = try await loops.onNear { client.value.parts }
      #expect(near == [.consumed(3_000)])
      let far = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(far == [.open("/"), .consumed(2_000)])
    }
  }

  @Test func `large chunks cross as they are`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect()
      let chunk = String(repeating: "x", count: 3_000)
      try await loops.onNear {
        let client = Client()
        client.open(on: path.remote.value)
        for _ in 0..<4 { client.send(chunk) }
      }
      try await loops.settle()
      let parts = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(parts == [.open("/")] + [Part](repeating: .body(chunk), count: 4))
    }
  }

  @Test func `a batch's chunk does not grow when its turn is over`() async throws {
    try await TwoLoops.run { loops in
      let path = try await loops.connect()
      let client = try await loops.onNear { [near = loops.near] in
        let client = Client()
        client.open(on: path.remote.value)
        client.send("a")
        return NIOLoopBound(client, eventLoop: near)
      }
      try await loops.settle()
      try await loops.onNear { client.value.send("b") }
      try await loops.settle()
      let parts = try await loops.onFar { path.server.value.exchanges[0].parts }
      #expect(parts == [.open("/"), .body("a"), .body("b")])
    }
  }
}
