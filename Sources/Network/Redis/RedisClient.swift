import NIOCore
import NIOPosix

/// Keeps one connection to a Redis server, and makes a new one when it is lost; commands are not kept for it meanwhile.
///
/// Lives on one loop.
final class RedisClient {
  /// Told of each connection that can be used.
  var onReady: () -> Void = {}
  /// Told of each time that the server is away, once.
  var onLost: (_ reason: String) -> Void = { _ in }
  /// Why nothing can be sent now; nil when something can.
  private(set) var trouble: String? = "it has not been reached yet"
  let options: RedisOptions
  let eventLoop: any EventLoop
  private var connection: RedisConnection?
  private var pause = firstPause
  private var isStopped = false
  private var wasTold = false

  init(_ options: RedisOptions, eventLoop: any EventLoop) {
    self.options = options
    self.eventLoop = eventLoop
  }

  func start() { connect() }

  func stop() {
    isStopped = true
    connection?.close()
  }

  /// - Parameter reply: called once, on the loop; nil when there is no connection, or it was lost before the reply came.
  func send(_ command: [ByteBuffer], reply: @escaping (RedisReply?) -> Void) {
    guard let connection else { return reply(nil) }
    connection.send(command, reply: reply)
  }

  private func connect() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(Self.connectLimit)
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
    new.send(["AUTH", password].map { ByteBuffer(string: $0) }) { [weak self] reply in
      switch reply {
      case .status: self?.ready(new)
      case .error(let words):
        new.onClose = {}
        new.close()
        self?.lost("it refuses the password: \(words)")
      case .nothing, .content, .other, nil: new.close()
      }
    }
  }

  private func ready(_ new: RedisConnection) {
    connection = new
    trouble = nil
    pause = Self.firstPause
    wasTold = false
    onReady()
  }

  private func lost(_ reason: String) {
    connection = nil
    trouble = reason
    guard !isStopped else { return }
    if !wasTold {
      wasTold = true
      onLost(reason)
    }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: pause) { bound.value.connect() }
    pause = min(pause * 2, Self.longestPause)
  }

  private static let connectLimit = TimeAmount.seconds(2)
  private static let firstPause = TimeAmount.milliseconds(100)
  private static let longestPause = TimeAmount.seconds(5)
}
