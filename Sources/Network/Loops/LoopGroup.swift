import Events
import Exchange
import NIOCore
import NIOPosix
import Observability

/// The event loops of a process: one thread each, and for each ordered pair of them one way for exchanges to cross.
///
/// What lives on a loop is made there once and stays there: nothing on the data path is shared or locked.
final class LoopGroup: Sendable {
  let group: MultiThreadedEventLoopGroup
  /// Threads that may wait for a disk; whoever needs them starts them.
  let threads = NIOThreadPool(numberOfThreads: 4)
  /// The same for what takes so long that nothing short may wait behind it.
  let longThreads = NIOThreadPool(numberOfThreads: 2)
  let loops: [NIOLoopBound<LoopContext>]

  /// - Parameters:
  ///   - count: number of loops, 1 or more.
  ///   - log: the process's log.
  ///   - settings: whether and how requests are logged.
  static func start(count: Int, log: EventLog?, settings: LogSettings) async throws -> LoopGroup {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
    let eventLoops = Array(group.makeIterator())
    var loops: [NIOLoopBound<LoopContext>] = []
    for (index, eventLoop) in eventLoops.enumerated() {
      loops.append(
        try await eventLoop.submit {
          NIOLoopBound(
            LoopContext(index: index, eventLoop: eventLoop, all: eventLoops, log: log, settings: settings), eventLoop: eventLoop)
        }.get())
    }
    // Limited log lines that were held back come out when their second is over, on any one loop.
    let first = loops[0]
    first.eventLoop.execute {
      first.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
        first.value.events.tick(now: .now())
      }
    }
    return LoopGroup(group: group, loops: loops)
  }

  /// Takes an event of the process, on the first loop: logged and counted like those of the loops.
  func record(_ event: Event) {
    let first = loops[0]
    first.eventLoop.execute { first.value.events.record(event) }
  }

  /// Tells of certificates that are about to expire, as long as the loops run.
  func watch(_ certificates: @escaping @Sendable () -> [CertificateExpiry]) {
    let first = loops[0]
    first.eventLoop.execute {
      first.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .hours(1)) { _ in
        let loop = first.value
        for event in loop.certificateWatch.check(certificates(), now: .now()) { loop.events.record(event) }
      }
    }
  }

  /// Makes something on each loop, in loop order.
  func onEach<Value>(_ make: @escaping @Sendable (LoopContext) throws -> Value) async throws -> [NIOLoopBound<Value>] {
    var values: [NIOLoopBound<Value>] = []
    for loop in loops {
      values.append(
        try await loop.eventLoop.submit { NIOLoopBound(try make(loop.value), eventLoop: loop.eventLoop) }.get())
    }
    return values
  }

  /// A handler of one loop as each loop sees it: itself there, remote on the others.
  func spread(
    _ target: NIOLoopBound<any ExchangeHandler>, livingOn home: Int
  ) async throws -> [NIOLoopBound<any ExchangeHandler>] {
    let homeLoop = loops[home]
    let waysBack = try await homeLoop.eventLoop.submit {
      homeLoop.value.handOvers.map { NIOLoopBound($0, eventLoop: homeLoop.eventLoop) }
    }.get()
    return try await onEach { loop -> any ExchangeHandler in
      if loop.index == home { return target.value }
      return RemoteHandler(target, outbound: loop.handOvers[home], inbound: waysBack[loop.index])
    }
  }

  /// Ends the loops when what was begun on the threads is done.
  func shutDown() async throws {
    try await longThreads.shutdownGracefully()
    try await threads.shutdownGracefully()
    try await group.shutdownGracefully()
  }

  private init(group: MultiThreadedEventLoopGroup, loops: [NIOLoopBound<LoopContext>]) {
    self.group = group
    self.loops = loops
  }
}

/// What every object of one loop shares: the loop, its turn, its events, and the ways to the other loops.
final class LoopContext {
  let index: Int
  let turn: LoopTurn
  let metrics: LoopMetrics
  let events: EventFan
  var certificateWatch = CertificateWatch()
  /// By the index of the receiving loop; the entry of the loop itself is never used.
  let handOvers: [HandOver]

  var eventLoop: any EventLoop { turn.eventLoop }

  init(index: Int, eventLoop: any EventLoop, all: [any EventLoop], log: EventLog?, settings: LogSettings) {
    self.index = index
    let turn = LoopTurn(eventLoop: eventLoop)
    self.turn = turn
    metrics = LoopMetrics()
    let logsAccess = settings.isAccessLogOn && log != nil
    events = EventFan(log: log, accessLog: logsAccess ? AccessLog(settings: settings, turn: turn) : nil, metrics: metrics)
    handOvers = all.map { HandOver(from: turn, to: $0) }
  }
}
