public import NIOCore
public import QUICTransport

/// One more unidirectional stream in each direction beside those of HTTP/3, of a type of our own, for what the ends of a connection
/// tell each other besides requests (RFC 9114 §9).
///
/// It stands between the connection and the application of HTTP/3, passes on what is not its own, and is as much confined to the
/// connection's event loop. Both streams stay open as long as the connection; an end of the peer's closes it.
public final class HTTP3ExtensionStream {
  private let session: any StreamApplication
  private let type: ExtensionStreamType
  private var transport: (any StreamTransport)?
  private var stream: StreamID?
  private var output = ExtensionOutput()
  private var isBlocked = false
  /// The peer does not know the type and reads nothing of it (RFC 9114 §6.2.3).
  private var isShut = false
  private var finder: ExtensionStreamFinder
  private var received = ByteBuffer()

  /// - Parameter session: who gets everything else.
  public init(_ type: ExtensionStreamType, beside session: any StreamApplication) {
    self.type = type
    self.session = session
    finder = ExtensionStreamFinder(type)
    output.append(ByteBuffer(bytes: type.encoded))
  }

  /// Sends bytes behind those before them; with the first flight where there is early data, and again where that is refused.
  public func send(_ bytes: ByteBuffer) {
    guard !isShut else { return }
    output.append(bytes)
    transport?.setNeedsWrite()
  }

  /// What came since the last call; nil for nothing. The peer may send as much again. Called outside of the connection's calls.
  public func takeReceived() -> ByteBuffer? {
    guard received.readableBytes > 0, let peerStream = finder.found else { return nil }
    defer { received = ByteBuffer() }
    transport?.extendStreamCredit(peerStream, by: received.readableBytes)
    return received
  }

  /// The connection is gone. To be called once for every one that was started; both hold each other until then.
  public func connectionClosed() {
    transport = nil
    output = ExtensionOutput()
  }

  private func open(on transport: any StreamTransport) throws(ApplicationError) {
    guard let stream = transport.openUnidirectionalStream() else {
      throw ApplicationError(
        code: HTTP3ErrorCode.streamCreationError.rawValue,
        reason: "the peer allows no unidirectional stream besides those of HTTP/3")
    }
    self.stream = stream
    transport.setNeedsWrite()
  }

  private static func endedByPeer() -> ApplicationError {
    ApplicationError(
      code: HTTP3ErrorCode.closedCriticalStream.rawValue, reason: "the peer has ended a stream that stays open as long as the connection")
  }
}

extension HTTP3ExtensionStream: StreamApplication {
  public func start(on transport: any StreamTransport) throws(ApplicationError) {
    self.transport = transport
    try session.start(on: transport)
    try open(on: transport)
  }

  public func earlyDataDecided(isAccepted: Bool, on transport: any StreamTransport) throws(ApplicationError) {
    try session.earlyDataDecided(isAccepted: isAccepted, on: transport)
    guard !isAccepted else { return }
    output.rewind()
    isBlocked = false
    try open(on: transport)
  }

  public func receive(
    _ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool
  ) throws(ApplicationError) {
    guard stream.isUnidirectional else { return try unsafe session.receive(bytes, on: stream, isFinal: isFinal, isEarly: isEarly) }
    switch unsafe finder.look(at: bytes, on: stream) {
    case .own(let typeBytes):
      unsafe received.writeBytes(bytes.dropFirst(typeBytes))
      if isFinal { throw Self.endedByPeer() }
    case .other(let heldBack):
      if !heldBack.isEmpty {
        try unsafe heldBack.withBytes { held throws(ApplicationError) in
          try unsafe session.receive(held, on: stream, isFinal: false, isEarly: isEarly)
        }
      }
      try unsafe session.receive(bytes, on: stream, isFinal: isFinal, isEarly: isEarly)
    case .undecided:
      break
    case .repeated:
      throw ApplicationError(
        code: HTTP3ErrorCode.streamCreationError.rawValue, reason: "the peer has opened a second stream of a type of which there is one")
    }
  }

  public func acknowledged(_ byteCount: Int, on stream: StreamID) {
    guard stream == self.stream else { return session.acknowledged(byteCount, on: stream) }
    output.acknowledge(byteCount)
  }

  public func peerReset(_ stream: StreamID, code: UInt64) throws(ApplicationError) {
    if stream == finder.found { throw Self.endedByPeer() }
    try session.peerReset(stream, code: code)
  }

  public func peerStoppedReading(_ stream: StreamID, code: UInt64) throws(ApplicationError) {
    guard stream == self.stream else { return try session.peerStoppedReading(stream, code: code) }
    isShut = true
  }

  public func closed(_ stream: StreamID, code: UInt64?) throws(ApplicationError) {
    guard stream == self.stream else { return try session.closed(stream, code: code) }
    self.stream = nil
    output = ExtensionOutput()
  }

  public func peerExtendedStreamLimit(bidirectionalMaximum: UInt64) {
    session.peerExtendedStreamLimit(bidirectionalMaximum: bidirectionalMaximum)
  }

  public func unblocked(_ stream: StreamID) {
    guard stream == self.stream else { return session.unblocked(stream) }
    isBlocked = false
  }

  public func nextWrite(into vectors: UnsafeMutableBufferPointer<StreamBytes>) throws(ApplicationError) -> StreamWrite? {
    guard output.isPending, !isBlocked, !isShut, let stream else { return try unsafe session.nextWrite(into: vectors) }
    return StreamWrite(
      stream: stream, vectorCount: unsafe output.offer(into: vectors), isFinal: false, isInteractive: true)
  }

  public func wrote(_ byteCount: Int, on stream: StreamID) throws(ApplicationError) {
    guard stream == self.stream else { return try session.wrote(byteCount, on: stream) }
    output.wrote(byteCount)
  }

  public func writeBlocked(_ stream: StreamID) {
    guard stream == self.stream else { return session.writeBlocked(stream) }
    isBlocked = true
  }

  public func writeShut(_ stream: StreamID) {
    guard stream == self.stream else { return session.writeShut(stream) }
    isShut = true
  }
}

extension ArraySlice<UInt8> {
  /// The same as `withUnsafeBytes`, which does not pass typed errors on.
  fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) throws(ApplicationError) -> Void) throws(ApplicationError) {
    let result = unsafe withUnsafeBytes { bytes -> Result<Void, ApplicationError> in
      do throws(ApplicationError) {
        try unsafe body(bytes)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
