import Exchange
import NIOCore
import NIOSSL
import Wires

/// Drives a wire on a TCP channel: bytes in as they are read, one pass over its output at the end of each turn.
///
/// Reading stops while the wire wants no bytes, writing while the socket takes none, so a slow peer stops its own exchange only.
final class ByteStreamHandler: ChannelDuplexHandler, ByteStreamTransport, TurnParticipant {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let wire: any ByteStreamWire
  private let turn: LoopTurn
  private let lingers: Bool
  private let limits: CloseLimits
  private let onTurn: () -> Void
  private let onClose: () -> Void
  private var context: ChannelHandlerContext?
  private var isEnrolled = false
  private var isReadWanted = false
  /// What `turn.backlog` knows of this connection.
  private var heldBytes = 0
  private var readsOnceATurn = false
  private var isClosing = false
  private var handedByteCount = 0
  private var output = OutputEnd.open
  /// The peer has said that it sends no more.
  private var hasPeerEnded = false
  /// The connection was closed by us or by a failure, not by its peer's end.
  private var isBroken = false
  /// Bounds each step of a close.
  private var closeTimer: Scheduled<Void>?
  private var timer: Scheduled<Void>?
  private var timerDeadline: NIODeadline?

  /// - Parameters:
  ///   - wire: what is spoken; the handler becomes its transport.
  ///   - turn: the turn of the channel's loop.
  ///   - lingers: a connection that the wire wants closed is ended with FIN and closed a little later, so that an early answer
  ///     reaches a client that is still sending. Not towards origins: one that is sending hears of it by a reset.
  ///   - limits: of each step of a close.
  ///   - onTurn: called at the end of each turn in which the wire did something.
  ///   - onClose: called once when the connection is gone, behind the wire's own `connectionClosed`.
  init(
    wire: any ByteStreamWire, turn: LoopTurn, lingers: Bool, limits: CloseLimits = CloseLimits(),
    onTurn: @escaping () -> Void = {}, onClose: @escaping () -> Void
  ) {
    self.wire = wire
    self.turn = turn
    self.lingers = lingers
    self.limits = limits
    self.onTurn = onTurn
    self.onClose = onClose
  }

  /// Exchanges that are open now; the last one lasts until the socket has taken its last byte.
  var openExchangeCount: Int { max(wire.openExchangeCount, unwrittenByteCount > 0 ? 1 : 0) }

  /// Closes the channel without waiting for output. What is open then is cut off, and seen to be.
  func abort() {
    isBroken = true
    if openExchangeCount > 0 { return reset() }
    context?.close(promise: nil)
  }

  func setNeedsUpdate() {
    guard !isEnrolled, context != nil else { return }
    isEnrolled = true
    turn.enroll(self)
  }

  func endTurn() {
    isEnrolled = false
    writeOutput()
    paceReading()
    resumeReading()
    updateTimer()
    onTurn()
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    wire.transport = self
    if context.channel.isActive { setNeedsUpdate() }
  }

  func channelActive(context: ChannelHandlerContext) {
    setNeedsUpdate()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Behind close_notify there may be bytes that are no part of the stream.
    guard !hasPeerEnded else { return }
    wire.receive(unwrapInboundIn(data))
    setNeedsUpdate()
  }

  func read(context: ChannelHandlerContext) {
    if wire.wantsBytes || isClosing {
      context.read()
    } else {
      isReadWanted = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { setNeedsUpdate() }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // TLS tells an end that nobody has said as a failure first.
    if let event = event as? ChannelEvent, event == .inputClosed, !isBroken {
      hasPeerEnded = true
      wire.receivedEnd()
      setNeedsUpdate()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    // NIO closes a channel whose output is closed at the peer's end, without a word about that.
    if output == .sent, !isClosing, !isBroken { wire.receivedEnd() }
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
  }

  /// A reset or a TLS failure ends the connection; the wire learns it from `connectionClosed`, its exchanges from the wire.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    isBroken = true
    if wire.isTunnel { reset() } else { context.close(promise: nil) }
  }

  // MARK: Steps of an update

  private func writeOutput() {
    guard let context, !isClosing else { return }
    var wrote = false
    while context.channel.isWritable, let bytes = wire.nextOutput() {
      handedByteCount &+= bytes.readableBytes
      context.write(wrapOutboundOut(bytes), promise: nil)
      wrote = true
    }
    if wrote { context.flush() }
    if closeTimer == nil, wire.hasEndedTunnel { awaitProgress() }
    guard wire.wantsClose else {
      if output == .open, wire.endsOutput { endOutput(context) }
      return
    }
    isClosing = true
    if wire.closesAbruptly {
      // At once: a peer that reads nothing would hold what is over for ever.
      cut()
    } else {
      switch output {
      case .sent: closeSoon()
      // The connection closes with the end that is on its way, however slowly its peer reads, as long as it does.
      case .ending: awaitProgress()
      case .open where lingers || wire.isTunnel:
        awaitProgress()
        endOutput(context)
      case .open: abort()
      }
    }
  }

  private func resumeReading() {
    guard isReadWanted, wire.wantsBytes || isClosing else { return }
    isReadWanted = false
    context?.read()
  }

  private func paceReading() {
    guard let context else { return }
    tellBacklog(wire.heldBytes)
    guard readsOnceATurn != turn.backlog.isLarge else { return }
    readsOnceATurn.toggle()
    // A channel that refuses is closed, and reads no more anyway.
    try? context.channel.syncOptions?.setOption(.maxMessagesPerRead, value: readsOnceATurn ? UInt(1) : Self.readsATurn)
  }

  private func tellBacklog(_ byteCount: Int) {
    guard byteCount != heldBytes else { return }
    turn.backlog.changed(by: byteCount - heldBytes)
    heldBytes = byteCount
  }

  private func updateTimer() {
    guard let context else { return }
    // A close has limits of its own.
    let deadline = isClosing ? nil : wire.deadline
    guard deadline != timerDeadline else { return }
    // A timer that fires early looks again; so a deadline that only moves back costs nothing.
    if let deadline, let timerDeadline, timerDeadline <= deadline { return }
    timer?.cancel()
    timerDeadline = deadline
    guard let deadline else { return }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(deadline: deadline) { bound.value.timerFired() }
  }

  private func timerFired() {
    timerDeadline = nil
    let now = NIODeadline.now()
    if let deadline = wire.deadline, deadline <= now { wire.handleTimeout(now: now) }
    setNeedsUpdate()
  }

  /// How far our side is with its end, which a tunnel's peer sees while its own side goes on.
  private enum OutputEnd {
    case open
    /// Behind what the socket has not taken yet.
    case ending
    case sent
  }

  // MARK: Closing

  /// Ends our side when the socket has taken everything, however slowly the peer reads.
  ///
  /// An empty write is done when all before it are. `close(mode: .output)` alone would not wait for them where the peer has
  /// ended its side: NIO then closes at once and drops what it has not written.
  private func endOutput(_ context: ChannelHandlerContext) {
    output = .ending
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenSuccess { [self] in outputWritten() }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
  }

  /// Closing with unread bytes makes the kernel send RST, which may destroy the answer on its way: say FIN first and close when
  /// the peer has, or soon.
  private func outputWritten() {
    guard let context else { return }
    if hasPeerEnded, let tls = tlsContext?.handler as? NIOSSLHandler {
      // Where the peer has ended, NIOSSL closes the channel as soon as it has said close_notify, and NIO drops what it has not
      // written; inside the completion of a write that is close_notify itself. So TLS ends for itself, and TCP behind it.
      let unwrapped = context.eventLoop.makePromise(of: Void.self)
      unwrapped.futureResult.assumeIsolated().whenSuccess { [self] in
        if let context = self.context { endOutput(context) }
      }
      return tls.stopTLS(promise: unwrapped)
    }
    output = .sent
    context.close(mode: .output, promise: nil)
    if isClosing { closeSoon() }
  }

  private func closeSoon() {
    closeTimer?.cancel()
    closeTimer = after(limits.linger) { $0.abort() }
  }

  private func awaitProgress() {
    let earlier = takenByteCount
    closeTimer?.cancel()
    closeTimer = after(wire.isTunnel ? limits.tunnelStall : limits.stall) { handler in
      if handler.takenByteCount != earlier { handler.awaitProgress() } else { handler.cut() }
    }
  }

  /// Closes so that the peer cannot take what it has for the whole.
  private func cut() {
    isBroken = true
    reset()
  }

  private func reset() {
    guard let context else { return }
    context.channel.resetOnClose()
    // TLS would end in good order first, which is what the peer must not see.
    (tlsContext ?? context).close(promise: nil)
  }

  /// TLS below, while there is one.
  private var tlsContext: ChannelHandlerContext? {
    try? context?.channel.pipeline.syncOperations.context(handlerType: NIOSSLHandler.self)
  }

  /// Bytes that were written and that the socket has not taken yet. Asked of the channel when it matters: a promise for each
  /// write would cost an allocation for each.
  private var unwrittenByteCount: Int {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Of all that was written, what the socket has taken.
  private var takenByteCount: Int { handedByteCount &- unwrittenByteCount }

  private func after(_ time: TimeAmount, _ action: @escaping (ByteStreamHandler) -> Void) -> Scheduled<Void>? {
    guard let context else { return nil }
    let bound = NIOLoopBound((self, action), eventLoop: context.eventLoop)
    return context.eventLoop.scheduleTask(in: time) { bound.value.1(bound.value.0) }
  }

  private func end() {
    guard context != nil else { return }
    context = nil
    timer?.cancel()
    closeTimer?.cancel()
    tellBacklog(0)
    wire.connectionClosed()
    wire.transport = nil
    onClose()
  }

  /// What a read brings at most. A chunk that waits for a stalled reader keeps the buffer that it came in: with larger ones a few
  /// hundred stalled readers would hold more than a link's budget.
  static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 32 * 1024)

  /// NIO's own default.
  private static let readsATurn: UInt = 4
}

/// How long each step of a close may take.
struct CloseLimits {
  /// Between our end and the peer's.
  var linger = TimeAmount.seconds(2)
  /// For a peer that reads nothing of the last output.
  var stall = TimeAmount.seconds(30)
  /// The same where both ways of a tunnel have ended. As long as one is open, its reader may take its time.
  var tunnelStall = TimeAmount.minutes(5)
}
