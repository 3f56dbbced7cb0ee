import Exchange
import HTTPMessage
import NIOCore
import Testing

/// The two ends of a crossing hold each other while it lasts; whatever way it ends, nothing of it stays.
@Suite struct CrossingReleaseTests {
  enum Way: String, CaseIterable {
    case requestEndsFirst, responseEndsFirst, answeredWhileOpened
    case cancelledAtOnce, cancelledBeforeHead, cancelledInContent, cancelledAfterRequestEnd, cancelledAfterResponseEnd
    case failedWhileOpened, failedBeforeHead, failedInContent, failedAfterResponseEnd
    case stoppedThenAnswered, answeredThenStopped, stoppedAndAnsweredWhileOpened, stoppedThenCancelled, stoppedThenFailed
    case cancelledAndFailedAtOnce, endedAndFailedAtOnce
  }

  @Test(arguments: Way.allCases)
  func `both ends are released`(way: Way) async throws {
    try await TwoLoops.run { loops in
      let watch = Watch()
      let path = try await loops.connect { exchange in
        watch.add("far end", exchange.response)
        watch.add("server's sink", exchange)
        switch way {
        case .answeredWhileOpened: exchange.answer()
        case .failedWhileOpened: exchange.fail(.dnsError)
        case .stoppedAndAnsweredWhileOpened:
          exchange.answer()
          exchange.response?.stopRequest(.noError)
        default: break
        }
      }
      let box = try await loops.onNear { [near = loops.near] in
        let client = Client()
        watch.add("client's sink", client)
        client.open(on: path.remote.value)
        watch.add("near end", client.request)
        client.send("content")
        if way == .cancelledAtOnce { client.request?.cancel(.cancelled) }
        return NIOLoopBound(Holder(client), eventLoop: near)
      }
      let client: @Sendable (@escaping @Sendable (Client) -> Void) async throws -> Void = { body in
        try await loops.onNear { box.value.client.map(body) }
        try await loops.settle()
      }
      let server: @Sendable (@escaping @Sendable (ServerExchange) -> Void) async throws -> Void = { body in
        try await loops.onFar { path.server.value.exchanges.forEach(body) }
        try await loops.settle()
      }
      try await loops.settle()

      switch way {
      case .requestEndsFirst:
        try await client { $0.request?.receiveRequestEnd(trailers: nil) }
        try await server { $0.answer() }
      case .responseEndsFirst:
        try await server { $0.answer() }
        try await client { $0.request?.receiveRequestEnd(trailers: nil) }
      case .answeredWhileOpened: try await client { $0.request?.receiveRequestEnd(trailers: nil) }
      case .cancelledBeforeHead: try await client { $0.request?.cancel(.connectionLost) }
      case .cancelledInContent:
        try await server { $0.begin() }
        try await client { $0.request?.cancel(.cancelled) }
      case .cancelledAfterRequestEnd:
        try await client { $0.request?.receiveRequestEnd(trailers: nil) }
        try await client { $0.request?.cancel(.cancelled) }
      case .cancelledAfterResponseEnd:
        try await server { $0.answer() }
        try await client { $0.request?.cancel(.cancelled) }
      case .failedBeforeHead: try await server { $0.fail(.connectionTerminated) }
      case .failedInContent:
        try await server { $0.begin() }
        try await server { $0.fail(.connectionTerminated) }
      case .failedAfterResponseEnd:
        try await server { $0.answer() }
        try await server { $0.fail(.connectionTerminated) }
      case .stoppedThenAnswered:
        try await server { $0.response?.stopRequest(.noError) }
        try await server { $0.answer() }
      case .answeredThenStopped:
        try await server { $0.answer() }
        try await server { $0.response?.stopRequest(.noError) }
      case .stoppedThenCancelled:
        try await server { $0.response?.stopRequest(.cancelled) }
        try await client { $0.request?.cancel(.cancelled) }
      case .stoppedThenFailed:
        try await server { $0.response?.stopRequest(.cancelled) }
        try await server { $0.fail(.internalError) }
      case .cancelledAndFailedAtOnce:
        async let cancelled: Void = loops.onNear { box.value.client?.request?.cancel(.cancelled) }
        async let failed: Void = loops.onFar { path.server.value.exchanges.forEach { $0.fail(.internalError) } }
        _ = try await (cancelled, failed)
      case .endedAndFailedAtOnce:
        async let ended: Void = loops.onNear { box.value.client?.request?.receiveRequestEnd(trailers: nil) }
        async let failed: Void = loops.onFar { path.server.value.exchanges.forEach { $0.fail(.internalError) } }
        _ = try await (ended, failed)
      case .cancelledAtOnce, .failedWhileOpened, .stoppedAndAnsweredWhileOpened: break
      }
      try await loops.settle()
      // Both users of the crossing drop what they hold, as its contract says.
      try await loops.onNear { box.value.client = nil }
      try await loops.onFar { path.server.value.forget() }
      try await loops.settle()
      #expect(watch.alive == [])
      #expect(watch.count == 4)
    }
  }

  /// Lets a test drop a client on its loop.
  private final class Holder {
    var client: Client?
    init(_ client: Client) { self.client = client }
  }
}

extension ServerExchange {
  fileprivate func begin() {
    response?.receiveHead(ResponseHead(status: 200, bodyLength: .unknown))
    send("content")
  }

  fileprivate func answer() {
    begin()
    response?.receiveResponseEnd(trailers: nil)
  }
}
