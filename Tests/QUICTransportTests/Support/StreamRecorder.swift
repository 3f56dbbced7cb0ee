import QUICTransport

/// A stream application for tests: sends what it is told to, keeps what it gets, and echoes when asked to.
final class StreamRecorder: StreamApplication {
  /// Everything received is sent back, and the stream is ended when the peer has ended it.
  var echoes = false
  /// Gives stream credit back at once; else `consume` does.
  var consumesAtOnce = true
  /// Thrown from the next `receive`.
  var failure: ApplicationError?

  /// Called once the server has decided about early data.
  var onEarlyDecision: (Bool) -> Void = { _ in }
  /// Called when streams can be opened.
  var onStart: () -> Void = {}
  private(set) var earlyDecisions: [Bool] = []
  /// Bytes that came as early data.
  private(set) var earlyCount = 0

  private(set) var transport: (any StreamTransport)?
  private(set) var received: [StreamID: [UInt8]] = [:]
  private(set) var ended: Set<StreamID> = []
  private(set) var closed: [StreamID: UInt64?] = [:]
  private(set) var resets: [StreamID: UInt64] = [:]
  private(set) var stops: [StreamID: UInt64] = [:]
  private(set) var acknowledged: [StreamID: Int] = [:]
  private(set) var blockedCount = 0
  private(set) var bidirectionalMaximum: UInt64 = 0
  private var outgoing: [StreamID: Outgoing] = [:]
  private var order: [StreamID] = []
  private var unconsumed: [StreamID: Int] = [:]

  /// Bytes that were received on all streams.
  var receivedCount: Int { received.values.reduce(0) { $0 + $1.count } }

  /// Whether just these bytes were received; not an expression of arrays, whose failure would print megabytes.
  func holds(_ bytes: [UInt8], on stream: StreamID) -> Bool { received[stream] == bytes }

  /// Whether nothing more may be sent on the stream.
  func isShut(_ stream: StreamID) -> Bool { outgoing[stream]?.isShut == true }

  /// Opens a bidirectional stream and sends `bytes` and the end on it.
  @discardableResult
  func send(_ bytes: [UInt8], isFinal: Bool = true) -> StreamID? {
    guard let stream = transport?.openBidirectionalStream() else { return nil }
    append(bytes, to: stream, isFinal: isFinal)
    return stream
  }

  func append(_ bytes: [UInt8], to stream: StreamID, isFinal: Bool) {
    if outgoing[stream] == nil {
      outgoing[stream] = Outgoing()
      order.append(stream)
    }
    outgoing[stream]?.append(bytes, isFinal: isFinal)
    transport?.setNeedsWrite()
  }

  /// Gives credit for everything that was received and not consumed yet.
  func consume(_ stream: StreamID) {
    transport?.extendStreamCredit(stream, by: unconsumed.removeValue(forKey: stream) ?? 0)
  }

  // MARK: StreamApplication

  func start(on transport: any StreamTransport) throws(ApplicationError) {
    self.transport = transport
    onStart()
  }

  func earlyDataDecided(isAccepted: Bool, on transport: any StreamTransport) throws(ApplicationError) {
    earlyDecisions.append(isAccepted)
    if !isAccepted {
      outgoing = [:]
      order = []
    }
    onEarlyDecision(isAccepted)
  }

  func receive(_ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool) throws(ApplicationError) {
    if isEarly { earlyCount += bytes.count }
    if let failure { throw failure }
    received[stream, default: []].append(contentsOf: bytes)
    if isFinal { ended.insert(stream) }
    if consumesAtOnce {
      transport?.extendStreamCredit(stream, by: bytes.count)
    } else {
      unconsumed[stream, default: 0] += bytes.count
    }
    if echoes { append(Array(bytes), to: stream, isFinal: isFinal) }
  }

  func acknowledged(_ byteCount: Int, on stream: StreamID) { acknowledged[stream, default: 0] += byteCount }
  func peerReset(_ stream: StreamID, code: UInt64) throws(ApplicationError) { resets[stream] = code }
  func peerStoppedReading(_ stream: StreamID, code: UInt64) throws(ApplicationError) { stops[stream] = code }

  func closed(_ stream: StreamID, code: UInt64?) throws(ApplicationError) {
    closed[stream] = .some(code)
    outgoing[stream] = nil
    order.removeAll { $0 == stream }
    if let transport, stream.isClientInitiated != transport.isClient, !stream.isUnidirectional {
      transport.extendBidirectionalStreamLimit(by: 1)
    }
  }

  func peerExtendedStreamLimit(bidirectionalMaximum: UInt64) { self.bidirectionalMaximum = bidirectionalMaximum }
  func unblocked(_ stream: StreamID) { outgoing[stream]?.isBlocked = false }

  func nextWrite(into vectors: UnsafeMutableBufferPointer<StreamBytes>) throws(ApplicationError) -> StreamWrite? {
    for index in order.indices {
      guard let next = outgoing[order[index]], next.wantsToWrite else { continue }
      let stream = order.remove(at: index)
      order.append(stream)
      let (count, isFinal) = next.fill(vectors)
      return StreamWrite(stream: stream, vectorCount: count, isFinal: isFinal, isInteractive: next.isSmall)
    }
    return nil
  }

  func wrote(_ byteCount: Int, on stream: StreamID) throws(ApplicationError) { outgoing[stream]?.advance(byteCount) }

  func writeBlocked(_ stream: StreamID) {
    blockedCount += 1
    outgoing[stream]?.isBlocked = true
  }

  func writeShut(_ stream: StreamID) { outgoing[stream]?.isShut = true }
}

/// What a stream sends: pieces of memory that stay where they are until the stream is gone.
private final class Outgoing {
  var isBlocked = false
  var isShut = false
  private var pieces: [UnsafeMutableBufferPointer<UInt8>] = []
  private var isEnded = false
  private var isEndSent = false
  private var total = 0
  private var offset = 0

  deinit {
    for piece in pieces { piece.deallocate() }
  }

  var isSmall: Bool { total < 4096 }
  var wantsToWrite: Bool { !isBlocked && !isShut && (offset < total || (isEnded && !isEndSent)) }

  func append(_ bytes: [UInt8], isFinal: Bool) {
    if !bytes.isEmpty {
      let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      _ = piece.initialize(from: bytes)
      pieces.append(piece)
      total += bytes.count
    }
    isEnded = isEnded || isFinal
  }

  func fill(_ vectors: UnsafeMutableBufferPointer<StreamBytes>) -> (count: Int, isFinal: Bool) {
    var skip = offset
    var count = 0
    for piece in pieces {
      if skip >= piece.count {
        skip -= piece.count
        continue
      }
      guard count < vectors.count else { return (count, false) }
      vectors[count] = StreamBytes(base: piece.baseAddress! + skip, count: piece.count - skip)
      skip = 0
      count += 1
    }
    return (count, isEnded)
  }

  func advance(_ byteCount: Int) {
    offset += byteCount
    if offset == total && isEnded { isEndSent = true }
  }
}
