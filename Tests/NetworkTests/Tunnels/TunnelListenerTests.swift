import Exchange
import Gateway
import HTTPMessage
import NIOCore
import Observability
import Synchronization
import Testing

@testable import Network

@Suite struct `A listener for any TCP` {
  @Test func `says the port that the system chose`() async throws {
    let recorder = Recorder()
    let loops = try await LoopGroup.start(count: 1, log: nil, settings: LogSettings(isAccessLogOn: false))
    let policy = Policy(routing: RoutingTable(services: [Service(name: "db")], answersToNames: false, listeners: ["db": "db"]))
    let gateways = try await loops.onEach { loop in
      Gateway(
        hop: Hop(role: .edge, name: "edge"), policy: policy, destinations: .link(Destination(recorder), wire: .http3),
        events: loop.events,
        now: { .now() })
    }
    let listener = try await GatewayListener.bind(
      name: "db", kind: .tcp, to: Site.loopback(), gateways: gateways, hop: "edge", limits: NetworkLimits(), loops: loops)
    let port = listener.listener.localAddress.port ?? 0
    let client = try RawSocket(connectingTo: port)
    #expect(try await eventually { recorder.targets.withLock { $0 } == ["db:\(port)"] })
    withExtendedLifetime(client) {}
    await listener.listener.drain()
    listener.listener.abort()
    try await loops.shutDown()
  }

  private final class Recorder: Sendable {
    let targets = Mutex<[String]>([])
  }

  private final class Destination: ExchangeHandler {
    private let recorder: Recorder

    init(_ recorder: Recorder) {
      self.recorder = recorder
    }

    func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
      let target = String(decoding: request.head.authority ?? [], as: UTF8.self)
      recorder.targets.withLock { $0.append(target) }
      return IgnoringSink()
    }
  }
}
