import Exchange
import NIOCore
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
  private let onTurn: () -> Void
  private let onClose: () -> Void
  private var context: ChannelHandlerContext?
  private var isEnrolled = false
  private var isReadWanted = false
  private var isClosing = false
  private var timer: Scheduled<Void>?
  private var timerDeadline: NIODeadline?

  /// - Parameters:
  ///   - wire: what is spoken; the handler becomes its transport.
  ///   - turn: the turn of the channel's loop.
  ///   - lingers: a connection that the wire wants closed is ended with FIN and closed a little later, so that an early answer
  ///     reaches a client that is still sending. Not towards origins: one that is sending hears of it by a reset.
  ///   - onTurn: called at the end of each turn in which the wire did something.
  ///   - onClose: called once when the connection is gone, behind the wire's own `connectionClosed`.
  init(wire: any ByteStreamWire, turn: LoopTurn, lingers: Bool, onTurn: @escaping () -> Void = {}, onClose: @escaping () -> Void) {
    self.wire = wire
    self.turn = turn
    self.lingers = lingers
    self.onTurn = onTurn
    self.onClose = onClose
  }

  /// Closes the channel without waiting for output.
  func abort() {
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
    wire.receive(unwrapInboundIn(data))
    setNeedsUpdate()
  }

  func read(context: ChannelHandlerContext) {
    if wire.wantsBytes {
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
    if let event = event as? ChannelEvent, event == .inputClosed {
      wire.receivedEnd()
      setNeedsUpdate()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
  }

  /// A reset or a TLS failure ends the connection; the wire learns it from `connectionClosed`, its exchanges from the wire.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: Steps of an update

  private func writeOutput() {
    guard let context, !isClosing else { return }
    var wrote = false
    while context.channel.isWritable, let bytes = wire.nextOutput() {
      context.write(wrapOutboundOut(bytes), promise: nil)
      wrote = true
    }
    if wrote { context.flush() }
    if wire.wantsClose, context.channel.isWritable {
      isClosing = true
      if wire.closesAbruptly { context.channel.resetOnClose() }
      guard lingers, !wire.closesAbruptly else { return abort() }
      // Closing with unread bytes makes the kernel send RST, which may destroy the answer on its way: say FIN first and
      // close when the peer has, or soon.
      context.close(mode: .output, promise: nil)
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      context.eventLoop.scheduleTask(in: Self.lingerLimit) { bound.value.abort() }
    }
  }

  private func resumeReading() {
    guard isReadWanted, wire.wantsBytes || isClosing else { return }
    isReadWanted = false
    context?.read()
  }

  private func updateTimer() {
    guard let context else { return }
    let deadline = wire.deadline
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

  private func end() {
    guard context != nil else { return }
    context = nil
    timer?.cancel()
    wire.connectionClosed()
    wire.transport = nil
    onClose()
  }

  /// What a read brings at most. A connection keeps one such buffer, and a chunk that waits for a stalled reader keeps the one it
  /// came in: with larger ones a few hundred stalled readers would hold more than a link's budget.
  static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 32 * 1024)

  private static let lingerLimit = TimeAmount.seconds(2)
}
