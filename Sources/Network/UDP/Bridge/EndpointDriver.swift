import Events
import Exchange
import NIOCore
import NIOPosix
import Observability
import QUICTransport

/// Gives an endpoint its socket, its clock and its timer: datagrams in as NIO reads them, one service pass at the end of each
/// turn, bursts out with one system call each.
///
/// Confined to its loop.
@safe
final class EndpointDriver: EndpointOwner, TurnParticipant, NIOScheduledCallbackHandler {
  private(set) var endpoint: Endpoint!
  let socket: UDPSocket

  private let turn: LoopTurn
  private let events: any EventSink
  private let metrics: LoopMetrics
  private let loopIndex: Int
  private unowned let host: any ConnectionHost
  private let buffer: UnsafeMutableRawBufferPointer
  private var unsent: UnsentBurst?
  private var channel: (any Channel)?
  /// A client's; nil on a server, whose connections follow their clients.
  private var follower: AddressFollower?
  private var isEnrolled = false
  private var isPausing = false
  private var timer: NIOScheduledCallback?
  private var timerDeadline: NIODeadline?
  private var turnTime: NIODeadline?

  /// - Parameters:
  ///   - followsAddresses: for a client, whose connections are to migrate when addresses of this host change.
  ///   - host: whose connections these are; outlives the driver.
  init(
    socket: UDPSocket, configuration: EndpointConfiguration, loop: LoopContext, followsAddresses: Bool, host: any ConnectionHost
  ) {
    self.socket = socket
    turn = loop.turn
    events = loop.events
    metrics = loop.metrics
    loopIndex = loop.index
    self.host = host
    unsafe buffer = .allocate(byteCount: Burst.maximumByteCount, alignment: 16)
    endpoint = Endpoint(configuration: configuration, owner: self)
    if followsAddresses { follower = AddressFollower(endpoint: endpoint, port: socket.localAddress.port, loop: loop) }
  }

  deinit {
    unsafe buffer.deallocate()
  }

  /// Begins to read.
  func start() -> EventLoopFuture<Void> {
    do {
      try socket.enableReceiveOffload()
    } catch {
      events.record(.offloadDisabled(.receive, reason: "\(error)"))
    }
    let bound = NIOLoopBound(self, eventLoop: turn.eventLoop)
    let vectorCount = 8
    return DatagramBootstrap(group: turn.eventLoop)
      .channelOption(.explicitCongestionNotification, value: true)
      .channelOption(.receivePacketInfo, value: true)
      .channelOption(.datagramReceiveSegmentSize, value: true)
      .channelOption(.datagramVectorReadMessageCount, value: vectorCount)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65536 * vectorCount))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramHandler(driver: bound.value))
        }
      }
      .withBoundSocket(socket.descriptor)
      .map {
        bound.value.channel = $0
        bound.value.follower?.start()
      }
  }

  /// Closes the socket.
  func stop() {
    timer?.cancel()
    follower?.stop()
    channel?.close(promise: nil)
  }

  /// The path that a client's connection to `remote` begins on.
  func path(to remote: Address) -> NetworkPath {
    follower?.path(to: remote, from: socket.localAddress) ?? NetworkPath(local: socket.localAddress, remote: remote)
  }

  /// One envelope: a datagram, or several of one size that the kernel joined.
  func received(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let remote = Self.address(envelope.remoteAddress) else { return }
    var local = socket.localAddress
    if let destination = envelope.metadata?.packetInfo?.destinationAddress, var asked = Self.address(destination) {
      asked.port = local.port
      local = asked
    }
    let path = NetworkPath(local: local, remote: remote)
    let ecn: ECNCodepoint =
      switch envelope.metadata?.ecnState {
      case .transportCapableFlag0: .capable0
      case .transportCapableFlag1: .capable1
      case .congestionExperienced: .congestionExperienced
      case .transportNotCapable, nil: .notCapable
      }
    let now = self.now
    metrics.datagrams.receivedBytes += UInt64(envelope.data.readableBytes)
    unsafe envelope.data.withUnsafeReadableBytes { bytes in
      let segmentBytes = max(envelope.metadata?.segmentSize ?? bytes.count, 1)
      if segmentBytes < bytes.count { metrics.datagrams.coalescedReads += 1 }
      metrics.datagrams.received += UInt64((bytes.count + segmentBytes - 1) / segmentBytes)
      var start = 0
      while start < bytes.count {
        let end = min(start + segmentBytes, bytes.count)
        unsafe deliver(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), path: path, ecn: ecn, now: now)
        start = end
      }
    }
    setNeedsTurn()
  }

  /// A datagram that another loop of the process read.
  func receiveForwarded(_ datagram: ForwardedDatagram) {
    let now = self.now
    unsafe datagram.bytes.withUnsafeReadableBytes {
      unsafe endpoint.receive($0, path: datagram.path, ecn: datagram.ecn, now: now)
    }
    setNeedsTurn()
  }

  func readFailed(_ error: any Error) {
    events.record(.datagramRefused(.malformed, from: "\(error)"))
  }

  func channelClosed() {
    socket.channelClosed()
    channel = nil
  }

  /// The time of this turn: read once, so that all its datagrams have one.
  var now: NIODeadline {
    if let turnTime { return turnTime }
    let now = NIODeadline.now()
    turnTime = now
    setNeedsTurn()
    return now
  }

  func endTurn() {
    isEnrolled = false
    turnTime = nil
    let now = NIODeadline.now()
    if let deadline = endpoint.deadline, deadline <= now { endpoint.handleTimeout(now: now) }
    writePass(now: now)
    // While the kernel takes nothing, its pause decides when to try again.
    if endpoint.needsService, unsent == nil { setNeedsTurn() }
    armTimer()
  }

  // MARK: EndpointOwner

  func accept(_ incoming: IncomingConnection) -> ServerSetup? { host.accept(incoming) }

  func endpointNeedsService() { setNeedsTurn() }

  func refused(_ cause: DatagramRefusal, from remote: Address) {
    events.record(.datagramRefused(cause, from: remote.description))
  }

  // MARK: Writing

  private func writePass(now: NIODeadline) {
    guard retryUnsent() else { return }
    while let datagram = endpoint.nextStatelessDatagram() {
      unsafe datagram.bytes.withUnsafeBytes {
        _ = unsafe socket.send($0, segmentBytes: $0.count, path: datagram.path, ecn: .notCapable)
      }
      metrics.datagrams.sent += 1
      metrics.datagrams.sentBytes += UInt64(datagram.bytes.count)
    }
    endpoint.service(now: now) { connection in
      host.serve(connection)
      write(connection, now: now)
      // Writing may have reported bytes as sent, and so given credit to their producers.
      host.served(connection)
    }
  }

  private func write(_ connection: Connection, now: NIODeadline) {
    var burstsLeft = Self.burstsPerTurn
    while unsent == nil, burstsLeft > 0, let burst = unsafe connection.nextBurst(into: buffer, now: now) {
      burstsLeft -= 1
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<burst.byteCount])
      unsafe send(bytes, burst: burst)
    }
  }

  private func send(_ bytes: UnsafeRawBufferPointer, burst: Burst) {
    switch unsafe socket.send(bytes, segmentBytes: burst.segmentSize, path: burst.path, ecn: burst.ecn) {
    case .sent, .tooLong: break
    case .unreachable: follower?.changed()
    case .segmentationRefused(let error):
      events.record(.offloadDisabled(.segmentation, reason: "errno \(error)"))
    case .blocked:
      unsent = unsafe UnsentBurst(bytes: Array(bytes), burst: burst)
      return pause()
    }
    metrics.datagrams.sent += UInt64(burst.datagramCount)
    metrics.datagrams.sentBytes += UInt64(burst.byteCount)
    if burst.datagramCount > 1, socket.usesSegmentation { metrics.datagrams.segmentedBatches += 1 }
  }

  /// Tries again a little later; every turn that comes before does so too.
  private func pause() {
    guard !isPausing else { return }
    isPausing = true
    let bound = NIOLoopBound(self, eventLoop: turn.eventLoop)
    turn.eventLoop.scheduleTask(in: Self.blockedPause) {
      bound.value.isPausing = false
      bound.value.setNeedsTurn()
    }
  }

  /// False while the kernel still takes nothing.
  private func retryUnsent() -> Bool {
    guard let unsent else { return true }
    self.unsent = nil
    unsafe unsent.bytes.withUnsafeBytes { unsafe send($0, burst: unsent.burst) }
    return self.unsent == nil
  }

  // MARK: Turn and timer

  func handleScheduledCallback(eventLoop: some EventLoop) {
    timerDeadline = nil
    setNeedsTurn()
  }

  private func setNeedsTurn() {
    guard !isEnrolled else { return }
    isEnrolled = true
    turn.enroll(self)
  }

  private func armTimer() {
    guard let deadline = endpoint.deadline else { return }
    // A timer that fires early only looks again, so one that is early enough stays.
    if let timerDeadline, timerDeadline <= deadline { return }
    timer?.cancel()
    // A callback and not a task: a sender that is paced sets its timer in most turns, and a task costs a future and a closure.
    // It is refused only by a loop that has been shut down.
    timer = try? turn.eventLoop.assumeIsolated().scheduleCallback(at: deadline, handler: self)
    timerDeadline = timer == nil ? nil : deadline
  }

  private func deliver(_ bytes: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline) {
    if let owner = unsafe endpoint.loopIndex(ofDatagram: bytes), Int(owner) != loopIndex {
      unsafe host.forward(ForwardedDatagram(bytes: ByteBuffer(bytes: bytes), path: path, ecn: ecn), toLoop: Int(owner))
      return
    }
    unsafe endpoint.receive(bytes, path: path, ecn: ecn, now: now)
  }

  private static func address(_ address: SocketAddress) -> Address? {
    unsafe address.withSockAddr { pointer, size in
      unsafe Address(sockaddr: UnsafeRawBufferPointer(start: pointer, count: size))
    }
  }

  private struct UnsentBurst {
    let bytes: [UInt8]
    let burst: Burst
  }

  /// Bounds how long one connection may keep the loop from its other work: 16 bursts are about a megabyte.
  private static let burstsPerTurn = 16
  private static let blockedPause = TimeAmount.milliseconds(1)
}

/// Whose connections an endpoint driver serves.
protocol ConnectionHost: AnyObject {
  func accept(_ incoming: IncomingConnection) -> ServerSetup?

  /// A connection has events or output: take its events; called before its output is written.
  func serve(_ connection: Connection)

  /// Its output was written.
  func served(_ connection: Connection)

  /// Passes a datagram to the loop that owns its connection.
  func forward(_ datagram: ForwardedDatagram, toLoop index: Int)
}

/// A datagram on its way to the loop that owns its connection.
struct ForwardedDatagram: Sendable {
  let bytes: ByteBuffer
  let path: NetworkPath
  let ecn: ECNCodepoint
}
