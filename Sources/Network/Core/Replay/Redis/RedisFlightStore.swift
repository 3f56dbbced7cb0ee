import Events
import HTTPMessage
import NIOCore
import NIOPosix
import QUICTransport

/// First flights in Redis: `SET quicgw:flight:… 1 NX EX …`, which one core of all wins.
///
/// Keeps one connection, makes a new one when it is lost, and says «unavailable» meanwhile. Lives on one loop.
final class RedisFlightStore: SharedFlightStore {
  private let eventLoop: any EventLoop
  private let options: RedisOptions
  private let events: any EventSink
  private var connection: RedisConnection?
  private var pause = SharedFlightLimits.firstPause
  private var isStopped = false
  private var wasTold = false

  init(_ options: RedisOptions, eventLoop: any EventLoop, events: any EventSink) {
    self.options = options
    self.eventLoop = eventLoop
    self.events = events
  }

  func start() { connect() }

  func stop() {
    isStopped = true
    connection?.close()
  }

  func admit(_ flight: FlightIdentifier, answer: @escaping (SharedVerdict) -> Void) {
    guard let connection else { return answer(.unavailable) }
    let key = "quicgw:flight:" + Hexadecimal.text(flight.bytes)
    var pending: ((SharedVerdict) -> Void)? = answer
    func tell(_ verdict: SharedVerdict) {
      pending?(verdict)
      pending = nil
    }
    let bound = NIOLoopBound(tell, eventLoop: eventLoop)
    let limit = eventLoop.scheduleTask(in: SharedFlightLimits.answer) { bound.value(.slow) }
    connection.send(["SET", key, "1", "NX", "EX", String(TicketLifetime.replayableSeconds)]) { reply in
      limit.cancel()
      switch reply {
      case .status: tell(.new)
      case .nothing: tell(.seen)
      case .error, .other, nil: tell(.unavailable)
      }
    }
  }

  private func connect() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(SharedFlightLimits.connect)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(RedisConnection()) }
      }
      .connect(host: options.host, port: options.port)
      .flatMapThrowing { channel in
        NIOLoopBound(try channel.pipeline.syncOperations.handler(type: RedisConnection.self), eventLoop: channel.eventLoop)
      }
      .whenComplete { result in
        switch result {
        case .success(let connection): bound.value.connected(connection.value)
        case .failure(let error): bound.value.lost("\(error)")
        }
      }
  }

  private func connected(_ new: RedisConnection) {
    guard !isStopped else { return new.close() }
    new.onClose = { [weak self] in self?.lost("the connection was closed") }
    guard let password = options.password else { return ready(new) }
    new.send(["AUTH", password]) { [weak self] reply in
      switch reply {
      case .status: self?.ready(new)
      case .error(let words):
        new.onClose = {}
        new.close()
        self?.lost("it refuses the password: \(words)")
      case .nothing, .other, nil: new.close()
      }
    }
  }

  private func ready(_ new: RedisConnection) {
    connection = new
    pause = SharedFlightLimits.firstPause
    wasTold = false
  }

  private func lost(_ reason: String) {
    connection = nil
    guard !isStopped else { return }
    if !wasTold {
      wasTold = true
      events.record(
        .earlyDataStorage(
          file: "redis \(options.host):\(options.port)", reason: reason, consequence: "early requests wait for the handshake until it is back"))
    }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: pause) { bound.value.connect() }
    pause = min(pause * 2, SharedFlightLimits.longestPause)
  }
}
