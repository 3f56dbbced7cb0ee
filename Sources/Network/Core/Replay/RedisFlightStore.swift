import Events
import HTTPMessage
import NIOCore
import QUICTransport

/// First flights in Redis: `SET quicgw:flight:… 1 NX EX …`, which one core of all wins.
///
/// Says «unavailable» while there is no connection. Lives on one loop.
final class RedisFlightStore: SharedFlightStore {
  private let client: RedisClient

  init(_ options: RedisOptions, eventLoop: any EventLoop, events: any EventSink) {
    client = RedisClient(options, eventLoop: eventLoop)
    client.onLost = { reason in
      events.record(
        .earlyDataStorage(
          file: options.name, reason: reason, consequence: "early requests wait for the handshake until it is back"))
    }
  }

  func start() { client.start() }
  func stop() { client.stop() }

  func admit(_ flight: FlightIdentifier, answer: @escaping (SharedVerdict) -> Void) {
    guard client.trouble == nil else { return answer(.unavailable) }
    let key = "quicgw:flight:" + Hexadecimal.text(flight.bytes)
    var pending: ((SharedVerdict) -> Void)? = answer
    func tell(_ verdict: SharedVerdict) {
      pending?(verdict)
      pending = nil
    }
    let bound = NIOLoopBound(tell, eventLoop: client.eventLoop)
    let limit = client.eventLoop.scheduleTask(in: SharedFlightLimits.answer) { bound.value(.slow) }
    let command = ["SET", key, "1", "NX", "EX", String(TicketLifetime.replayableSeconds)]
    client.send(command.map { ByteBuffer(string: $0) }) { reply in
      limit.cancel()
      switch reply {
      case .status: tell(.new)
      case .nothing: tell(.seen)
      case .error, .content, .other, nil: tell(.unavailable)
      }
    }
  }
}
