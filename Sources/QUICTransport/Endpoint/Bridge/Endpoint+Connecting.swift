internal import CNgtcp2
internal import Events
public import NIOCore

extension Endpoint {
  /// Begins a connection in the client's role; its first datagram leaves with the next `service`.
  ///
  /// - Parameter path: our address as the server's datagrams will name it, and the server's.
  public func connect(_ setup: ClientSetup, path: NetworkPath, now: NIODeadline) throws(ConnectError) -> Connection {
    let source = makeConnectionID()
    let connection = try Connection(
      client: setup, ids: (source, makeRandomID(byteCount: Endpoint.firstDestinationBytes)), path: path, endpoint: self, now: now)
    register(source, for: connection)
    add(connection)
    connection.startEarly()
    return connection
  }

  /// A datagram that no connection knows.
  func receiveUnknown(
    _ datagram: UnsafeRawBufferPointer, _ header: DatagramHeader, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline
  ) {
    switch header.form {
    case .short:
      unsafe receiveShortUnknown(datagram, header, path: path, now: now)
    case .initial:
      unsafe receiveInitial(datagram, header, path: path, ecn: ecn, now: now)
    case .otherLong where header.version != DatagramHeader.version1:
      refuse(.unsupportedVersion, path)
      // RFC 9000 §6.1: only a datagram that could hold an Initial packet is answered.
      if datagram.count >= Endpoint.smallestInitialBytes { negotiateVersion(header, path: path, now: now) }
    case .otherLong, .versionNegotiation:
      refuse(.unknownConnection, path)
    }
  }

  private func receiveInitial(
    _ datagram: UnsafeRawBufferPointer, _ header: DatagramHeader, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline
  ) {
    var packet = unsafe ngtcp2_pkt_hd()
    guard unsafe ngtcp2_accept(&packet, datagram.baseAddress?.assumingMemoryBound(to: UInt8.self), datagram.count) == 0 else {
      return refuse(.malformed, path)
    }
    guard acceptsConnections else {
      // A client that is told dials elsewhere at once; one that is not waits for its handshake's limit.
      refuse(.notAccepting, path)
      return refuseConnection(header, code: UInt64(NGTCP2_CONNECTION_REFUSED), path: path, now: now)
    }
    var initial = ClientInitial(header: header)
    if unsafe packet.token.len > 0 {
      initial.token = unsafe [UInt8](UnsafeBufferPointer(start: packet.token.base, count: packet.token.len))
      guard let original = originalDestination(of: initial, path: path, now: now) else {
        refuse(.badToken, path)
        return refuseConnection(header, code: UInt64(NGTCP2_INVALID_TOKEN), path: path, now: now)
      }
      initial.originalDestination = original
    }
    let decision = admission.decide(
      hasProvedAddress: initial.originalDestination != nil, from: AddressBlock(path.remote), id: header.destination, now: now
    ) { unsafe WaitingHandshake(initial: initial, datagram: Array(datagram), path: path, ecn: ecn) }
    switch decision {
    case .begin: unsafe begin(initial, datagram, path: path, ecn: ecn, now: now)
    case .wait: break
    case .retry: retry(header, path: path, now: now)
    case .drop: refuse(.tooManyHandshakes, path)
    }
  }

  /// Begins handshakes for which there was no room before, as many as there is room for in this turn.
  func beginWaitingHandshakes(now: NIODeadline) {
    while let next = admission.next(now: now) {
      unsafe next.datagram.withUnsafeBytes { unsafe begin(next.initial, $0, path: next.path, ecn: next.ecn, now: now) }
    }
    admission.turnEnded()
  }

  private func begin(
    _ initial: ClientInitial, _ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint, now: NIODeadline
  ) {
    admission.begun()
    let incoming = IncomingConnection(path: path, isAddressValidated: initial.originalDestination != nil)
    guard let setup = owner.accept(incoming) else {
      return refuseConnection(initial.header, code: UInt64(NGTCP2_CONNECTION_REFUSED), path: path, now: now)
    }
    unsafe accept(setup, initial, datagram, path: path, ecn: ecn, now: now)
  }

  private func accept(
    _ setup: ServerSetup, _ initial: ClientInitial, _ datagram: UnsafeRawBufferPointer, path: NetworkPath, ecn: ECNCodepoint,
    now: NIODeadline
  ) {
    let source = makeConnectionID()
    let connection: Connection
    do throws(ConnectError) {
      connection = try Connection(
        server: setup, incoming: initial, source: source, resetToken: ResetToken(of: source, key: resetKey), path: path,
        endpoint: self, now: now)
    } catch {
      return refuse(.malformed, path)
    }
    register(source, for: connection)
    register(initial.header.destination, for: connection)
    let block = AddressBlock(path.remote)
    connection.handshakeBlock = block
    admission.took(block)
    add(connection)
    unsafe connection.receive(datagram, path: path, ecn: ecn, now: now)
    if connection.wasForged {
      // Nothing in it could be decrypted, and nobody has been told of the connection. The real packet may be the next.
      remove(connection)
      refuse(.malformed, path)
    }
  }

  // MARK: Connection IDs

  func makeConnectionID() -> ConnectionID {
    let instance = configuration.instance
    var bytes = [configuration.loopIndex, UInt8(instance >> 8), UInt8(truncatingIfNeeded: instance)]
    appendRandom(to: &bytes, upTo: ConnectionIDLayout.byteCount)
    return unsafe bytes.withUnsafeBytes { unsafe ConnectionID($0) } ?? ConnectionID()
  }

  /// The loop whose endpoint issued the connection ID that the datagram is for; nil when none of this process did.
  ///
  /// A loop hands a datagram over when this names another loop.
  public func loopIndex(ofDatagram datagram: UnsafeRawBufferPointer) -> UInt8? {
    let offset: Int
    guard let first = unsafe datagram.first else { return nil }
    if first & 0x80 == 0 {
      offset = 1
    } else {
      guard datagram.count > 5, unsafe Int(datagram[5]) == ConnectionIDLayout.byteCount else { return nil }
      offset = 6
    }
    guard datagram.count >= offset + ConnectionIDLayout.byteCount else { return nil }
    let instance = unsafe UInt16(bigEndian: datagram.loadUnaligned(fromByteOffset: offset + 1, as: UInt16.self))
    return instance == configuration.instance ? unsafe datagram[offset] : nil
  }

  private func makeRandomID(byteCount: Int) -> ConnectionID {
    var bytes: [UInt8] = []
    appendRandom(to: &bytes, upTo: byteCount)
    return unsafe bytes.withUnsafeBytes { unsafe ConnectionID($0) } ?? ConnectionID()
  }

  private func appendRandom(to bytes: inout [UInt8], upTo count: Int) {
    while bytes.count < count {
      var word = random.next()
      for _ in 0..<min(8, count - bytes.count) {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
  }

  /// Longer than the connection IDs that are issued here, so that nothing takes it for one.
  private static let firstDestinationBytes = 18
  static let smallestInitialBytes = 1200
}
