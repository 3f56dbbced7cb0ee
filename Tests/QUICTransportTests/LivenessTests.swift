import LinkEmulator
import NIOCore
import QUICTransport
import Testing

/// What a connection tells of its peer's life, and how soon it goes on when the path comes back.
@Suite struct LivenessTests {
  private let slow = LinkConditions(delay: .milliseconds(100))

  @Test func signsTellWhatIsUnderWayAndWhenTheLastDatagramCame() throws {
    let (pair, client, _, recorder) = try Pair.connected(try Setups())
    pair.run(for: .seconds(5))
    #expect(!client.signs.isAwaitingAcknowledgement)
    let before = client.signs.lastReceived
    recorder.send(pattern(10))
    pair.run(for: .milliseconds(1))
    #expect(client.signs == Connection.Signs(lastReceived: before, isAwaitingAcknowledgement: true))
    pair.run(for: .seconds(1))
    #expect(try #require(client.signs.lastReceived) > (try #require(before)))
    #expect(!client.signs.isAwaitingAcknowledgement)
  }

  /// What the server has sent was lost, and its next probe would leave only when its doubled timer says so.
  @Test func anAnswerLostInABlackOutIsSentAgainWhenTheClientIsHeardAgain() throws {
    let (pair, client, _, recorder) = try Pair.connected(try Setups(), conditions: slow)
    pair.run(for: .seconds(1))
    let stream = try #require(recorder.send(pattern(100)))
    pair.run(for: .milliseconds(50))
    pair.link.backward.isDown = true
    pair.link.forward.isDown = true
    client.setKeepAlive(.milliseconds(200))
    pair.run(for: .seconds(10))
    #expect(recorder.receivedCount == 0)
    pair.link.backward.isDown = false
    pair.link.forward.isDown = false
    pair.run(for: .milliseconds(800), until: { recorder.holds(pattern(100), on: stream) })
    #expect(recorder.holds(pattern(100), on: stream))
  }

  /// A full congestion window holds PINGs back.
  @Test func anUploadWithAFullWindowGoesOnWhenItIsToldThatThePathIsBack() throws {
    let (pair, client, server, recorder) = try Pair.connected(try Setups(), conditions: slow)
    pair.run(for: .seconds(1))
    let stream = try #require(recorder.send(pattern(400_000)))
    pair.run(for: .milliseconds(50))
    pair.link.forward.isDown = true
    pair.link.backward.isDown = true
    client.setKeepAlive(.milliseconds(200))
    pair.run(for: .seconds(10))
    let atServer = try #require(server.application as? StreamRecorder)
    let before = atServer.receivedCount
    pair.link.forward.isDown = false
    pair.link.backward.isDown = false
    client.probe(now: pair.time)
    pair.run(for: .seconds(1), until: { atServer.receivedCount > before })
    #expect(atServer.receivedCount > before)
    pair.run(for: .seconds(30), until: { atServer.holds(pattern(400_000), on: stream) })
    #expect(atServer.holds(pattern(400_000), on: stream))
  }

  /// The client's next probe of its own would leave more than seven seconds later.
  @Test func anUploadGoesOnSoonAfterABlackOutOf20SecondsWhenTheServerMakesItselfHeard() throws {
    let (pair, _, server, recorder) = try Pair.connected(try Setups(), conditions: slow)
    pair.run(for: .seconds(1))
    server.setKeepAlive(.seconds(3))
    let atServer = try #require(server.application as? StreamRecorder)
    atServer.echoes = false
    let stream = try #require(recorder.send(pattern(400_000)))
    pair.run(for: .milliseconds(50))
    pair.link.forward.isDown = true
    pair.link.backward.isDown = true
    pair.run(for: .seconds(20))
    let before = atServer.receivedCount
    pair.link.forward.isDown = false
    pair.link.backward.isDown = false
    pair.run(for: .seconds(4), until: { atServer.receivedCount > before })
    #expect(atServer.receivedCount > before)
    pair.run(for: .seconds(10), until: { atServer.holds(pattern(400_000), on: stream) })
    #expect(atServer.holds(pattern(400_000), on: stream))
  }

  @Test func probesDoNotOutliveTheIdleTimeout() throws {
    let (pair, client, _, recorder) = try Pair.connected(try Setups())
    pair.run(for: .seconds(1))
    pair.link.forward.isDown = true
    recorder.send(pattern(10))
    for _ in 0..<250 {
      pair.run(for: .milliseconds(100))
      client.probe(now: pair.time)
      #expect(pair.client.closure(of: client) == nil)
    }
    pair.run(for: .seconds(10))
    #expect(pair.client.closure(of: client)?.cause == .end(.idle))
  }
}
