import LinkEmulator
public import QUICTransport

/// One end of a `MemoryLink`.
public final class MemoryTransport: StreamTransport {
  public enum Frame: Equatable {
    case stream(StreamID, [UInt8], isFinal: Bool)
    case resetStream(StreamID, UInt64)
    case stopSending(StreamID, UInt64)
    case maximumStreamData(StreamID, Int)
    case maximumStreams(UInt64)
  }

  public let isClient: Bool
  public let isEarly: Bool
  public let application: any StreamApplication
  weak var peer: MemoryTransport?
  private let options: MemoryLinkOptions
  private var generator: SeededGenerator
  private var streams: [StreamID: Ends] = [:]
  private var closedStreams: Set<StreamID> = []
  private var control: [Frame] = []
  private var inbox: [[Frame]] = []
  private var acknowledgements: [(due: Int, stream: StreamID, count: Int, isFinal: Bool)] = []
  private var turn = 0
  private var openedBidirectional: UInt64 = 0
  private var openedUnidirectional: UInt64 = 0
  private var maximumOpened: UInt64
  private var maximumPeerOpened: UInt64
  private var isInsideCall = false
  private var pendingUnblocked: [StreamID] = []

  /// Every packet that was sent, as its frames.
  public private(set) var sentPackets: [[Frame]] = []
  public var keepsPackets = false
  /// What an application did against its contract.
  public private(set) var violations: [String] = []
  /// Set when the application closed the connection.
  public private(set) var closeError: ApplicationError?
  public private(set) var needsWrite = false
  private var offer: Offer?
  public private(set) var writePassCount = 0

  private struct Ends {
    var sendLimit: Int
    var sent = 0
    var acknowledged = 0
    var finSent = false
    var finAcknowledged = false
    var resetSent = false
    var receiveLimit: Int
    var received = 0
    var receiveEnded = false
    var stopSent = false
    var isBlocked = false
    var closeCode: UInt64?
    /// Memory that was handed out: where, and what it held.
    var unacknowledged: [(address: UnsafeMutablePointer<UInt8>, bytes: [UInt8])] = []

    var isSendOver: Bool { resetSent || finAcknowledged }
  }

  init(isClient: Bool, application: any StreamApplication, options: MemoryLinkOptions) {
    self.isClient = isClient
    self.application = application
    self.options = options
    isEarly = isClient && options.isClientEarly
    generator = SeededGenerator(seed: (options.chunkSeed ?? 0) &+ (isClient ? 1 : 2))
    maximumOpened = options.bidirectionalStreams
    maximumPeerOpened = options.bidirectionalStreams
  }

  func begin() throws {
    try application.start(on: self)
  }

  public var openStreamCount: Int { streams.count }

  // MARK: StreamTransport

  public func openBidirectionalStream() -> StreamID? {
    noteCall("openBidirectionalStream")
    guard openedBidirectional < maximumOpened else { return nil }
    defer { openedBidirectional += 1 }
    return open(StreamID(rawValue: Int64(openedBidirectional * 4) | (isClient ? 0 : 1)))
  }

  public func openUnidirectionalStream() -> StreamID? {
    guard openedUnidirectional < options.unidirectionalStreams else { return nil }
    defer { openedUnidirectional += 1 }
    return open(StreamID(rawValue: Int64(openedUnidirectional * 4) | (isClient ? 2 : 3)))
  }

  public var bidirectionalStreamsLeft: UInt64 { maximumOpened - openedBidirectional }

  public var minimumRoundTrip: Duration { .zero }

  public func extendStreamCredit(_ stream: StreamID, by byteCount: Int) {
    noteCall("extendStreamCredit")
    guard var ends = streams[stream] else { return }
    ends.receiveLimit += byteCount
    streams[stream] = ends
    control.append(.maximumStreamData(stream, ends.receiveLimit))
  }

  public func extendBidirectionalStreamLimit(by count: Int) {
    noteCall("extendBidirectionalStreamLimit")
    maximumPeerOpened += UInt64(count)
    control.append(.maximumStreams(maximumPeerOpened))
  }

  public func resetStream(_ stream: StreamID, code: UInt64) {
    resetSending(stream, code: code)
    stopReading(stream, code: code)
  }

  public func resetSending(_ stream: StreamID, code: UInt64) {
    noteCall("resetSending")
    guard var ends = streams[stream], !ends.resetSent, !ends.finAcknowledged else { return }
    ends.resetSent = true
    ends.closeCode = code
    streams[stream] = ends
    control.append(.resetStream(stream, code))
  }

  public func stopReading(_ stream: StreamID, code: UInt64) {
    noteCall("stopReading")
    guard var ends = streams[stream], !ends.receiveEnded, !ends.stopSent else { return }
    ends.stopSent = true
    streams[stream] = ends
    control.append(.stopSending(stream, code))
  }

  public func setNeedsWrite() {
    needsWrite = true
  }

  // MARK: Turns

  /// Writes until the application has nothing or the window is full. False when nothing was written.
  @discardableResult
  public func writePass() throws -> Bool {
    turn += 1
    writePassCount += 1
    needsWrite = false
    for stream in pendingUnblocked { call { application.unblocked(stream) } }
    pendingUnblocked = []
    var packets: [[Frame]] = control.isEmpty ? [] : [control]
    control = []
    var isDrained = closeError != nil
    while !isDrained, packets.count < options.packetsPerPass {
      let packet = try writePacket(&isDrained)
      if !packet.isEmpty { packets.append(packet) }
    }
    try endOffer()
    if keepsPackets { sentPackets += packets }
    peer?.inbox += packets
    closeFinished()
    return !packets.isEmpty
  }

  /// Takes in what the peer has sent. False when there was nothing.
  @discardableResult
  public func deliver() throws -> Bool {
    let packets = inbox
    inbox = []
    for packet in packets {
      for frame in packet where closeError == nil {
        do {
          try take(frame)
        } catch let error as ApplicationError {
          closeError = error
        }
      }
    }
    let due = acknowledgements.filter { $0.due <= turn }
    acknowledgements.removeAll { $0.due <= turn }
    for acknowledgement in due { acknowledge(acknowledgement.stream, acknowledgement.count, acknowledgement.isFinal) }
    closeFinished()
    return !packets.isEmpty || !acknowledgements.isEmpty
  }

  /// Puts frames on the wire that no application would send.
  public func inject(_ frames: [Frame]) {
    for case .stream(let stream, _, _) in frames where streams[stream] == nil {
      _ = open(stream)
    }
    peer?.inbox.append(frames)
  }

  /// A stream of this end's, for injected frames.
  public func openForInjection(isUnidirectional: Bool) -> StreamID? {
    isUnidirectional ? openUnidirectionalStream() : openBidirectionalStream()
  }

  // MARK: Writing

  private func writePacket(_ isDrained: inout Bool) throws -> [Frame] {
    var room = options.packetBytes
    var packet: [Frame] = []
    while room > 0 {
      if offer == nil { ask() }
      guard let offer else {
        isDrained = true
        return packet
      }
      if let frame = try write(offer, room: room) {
        packet.append(frame)
        if case .stream(_, let bytes, _) = frame { room -= max(1, bytes.count) }
      }
    }
    return packet
  }

  /// What the application has offered, of which part is in packets: like a `Connection`, it is told once for each offer.
  private struct Offer {
    let write: StreamWrite
    var left: [StreamBytes]
    var writtenBytes: Int?
  }

  private func ask() {
    let vectors = UnsafeMutableBufferPointer<StreamBytes>.allocate(capacity: 16)
    isInsideCall = true
    defer {
      isInsideCall = false
      vectors.deallocate()
    }
    var write: StreamWrite?
    do throws(ApplicationError) {
      write = try application.nextWrite(into: vectors)
    } catch {
      closeError = error
    }
    offer = write.map { write in Offer(write: write, left: (0..<write.vectorCount).map { vectors[$0] }) }
  }

  private func endOffer() throws {
    guard let offer else { return }
    self.offer = nil
    guard let writtenBytes = offer.writtenBytes else { return }
    isInsideCall = true
    defer { isInsideCall = false }
    try application.wrote(writtenBytes, on: offer.write.stream)
  }

  private func write(_ current: Offer, room: Int) throws -> Frame? {
    let offer = current.write
    guard var ends = streams[offer.stream], !ends.resetSent, !ends.finSent else {
      try endOffer()
      call { application.writeShut(offer.stream) }
      return nil
    }
    let filled = current.left
    let total = filled.reduce(0) { $0 + $1.count }
    let credit = ends.sendLimit - ends.sent
    if total > 0, credit == 0 {
      ends.isBlocked = true
      streams[offer.stream] = ends
      try endOffer()
      call { application.writeBlocked(offer.stream) }
      return nil
    }
    var count = min(total, room, credit)
    if options.chunkSeed != nil, count > 1 { count = Int.random(in: 1...count, using: &generator) }
    var bytes: [UInt8] = []
    var left: [StreamBytes] = []
    for vector in filled {
      guard let base = vector.base else { continue }
      let part = Array(UnsafeBufferPointer(start: base, count: min(vector.count, count - bytes.count)))
      if !part.isEmpty { ends.unacknowledged.append((base, part)) }
      bytes += part
      if part.count < vector.count { left.append(StreamBytes(base: base + part.count, count: vector.count - part.count)) }
    }
    let isFinal = offer.isFinal && count == total
    ends.sent += count
    ends.finSent = isFinal
    streams[offer.stream] = ends
    self.offer = Offer(write: offer, left: left, writtenBytes: (current.writtenBytes ?? 0) + count)
    if left.isEmpty { try endOffer() }
    return .stream(offer.stream, bytes, isFinal: isFinal)
  }

  // MARK: Receiving

  private func take(_ frame: Frame) throws {
    switch frame {
    case .stream(let stream, let bytes, let isFinal):
      try takeStream(stream, bytes, isFinal: isFinal)
    case .resetStream(let stream, let code):
      openIfNew(stream)
      guard var ends = streams[stream], !ends.receiveEnded else { return }
      ends.receiveEnded = true
      ends.closeCode = ends.closeCode ?? code
      streams[stream] = ends
      guard !ends.stopSent else { return }
      try callThrowing { try application.peerReset(stream, code: code) }
    case .stopSending(let stream, let code):
      openIfNew(stream)
      guard let ends = streams[stream], !ends.isSendOver else { return }
      // As ngtcp2 does by itself (RFC 9000 §3.5).
      resetSending(stream, code: code)
      if options.tellsStopSending { try callThrowing { try application.peerStoppedReading(stream, code: code) } }
    case .maximumStreamData(let stream, let limit):
      guard var ends = streams[stream], limit > ends.sendLimit else { return }
      ends.sendLimit = limit
      if ends.isBlocked {
        ends.isBlocked = false
        pendingUnblocked.append(stream)
      }
      streams[stream] = ends
    case .maximumStreams(let maximum):
      guard maximum > maximumOpened else { return }
      maximumOpened = maximum
      call { application.peerExtendedStreamLimit(bidirectionalMaximum: maximum) }
    }
  }

  private func takeStream(_ stream: StreamID, _ bytes: [UInt8], isFinal: Bool) throws {
    openIfNew(stream)
    guard var ends = streams[stream] else { return }
    ends.received += bytes.count
    if ends.received > ends.receiveLimit { violations.append("\(stream): \(ends.received) bytes of \(ends.receiveLimit)") }
    if isFinal { ends.receiveEnded = true }
    streams[stream] = ends
    peer?.acknowledgements.append(
      (due: (peer?.turn ?? 0) + options.acknowledgementDelay, stream: stream, count: bytes.count, isFinal: isFinal))
    guard !ends.stopSent else { return }
    var rest = bytes[...]
    repeat {
      var count = rest.count
      if options.chunkSeed != nil, count > 1 { count = Int.random(in: 1...count, using: &generator) }
      let part = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
      try callThrowing {
        try part.withUnsafeBytes {
          try application.receive($0, on: stream, isFinal: isFinal && rest.isEmpty, isEarly: options.isEarly)
        }
      }
    } while !rest.isEmpty
  }

  private func acknowledge(_ stream: StreamID, _ count: Int, _ isFinal: Bool) {
    guard var ends = streams[stream] else { return }
    var left = count
    while left > 0, let first = ends.unacknowledged.first {
      let now = Array(UnsafeBufferPointer(start: first.address, count: first.bytes.count))
      if now != first.bytes { violations.append("\(stream): memory changed before it was acknowledged") }
      guard first.bytes.count > left else {
        left -= first.bytes.count
        ends.unacknowledged.removeFirst()
        continue
      }
      ends.unacknowledged[0] = (first.address + left, Array(first.bytes.dropFirst(left)))
      left = 0
    }
    ends.acknowledged += count
    if isFinal { ends.finAcknowledged = true }
    streams[stream] = ends
    call { application.acknowledged(count, on: stream) }
  }

  private func closeFinished() {
    guard closeError == nil else { return }
    for (stream, ends) in streams where !stream.isUnidirectional && ends.isSendOver && ends.receiveEnded {
      streams[stream] = nil
      closedStreams.insert(stream)
      do {
        try callThrowing { try application.closed(stream, code: ends.closeCode) }
      } catch {
        closeError = error as? ApplicationError
      }
    }
  }

  /// Any frame about a stream of the peer's opens it (RFC 9000 §3.2), once.
  private func openIfNew(_ stream: StreamID) {
    if streams[stream] == nil, !closedStreams.contains(stream), stream.isClientInitiated != isClient { _ = open(stream) }
  }

  private func open(_ stream: StreamID) -> StreamID {
    streams[stream] = Ends(sendLimit: options.streamWindowBytes, receiveLimit: options.streamWindowBytes)
    return stream
  }

  private func call(_ body: () -> Void) {
    isInsideCall = true
    body()
    isInsideCall = false
  }

  private func callThrowing(_ body: () throws -> Void) throws {
    isInsideCall = true
    defer { isInsideCall = false }
    try body()
  }

  private func noteCall(_ name: String) {
    if isInsideCall { violations.append("\(name) from inside a call of the connection") }
  }
}
