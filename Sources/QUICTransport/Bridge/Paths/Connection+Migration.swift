internal import CNgtcp2
internal import Events
public import NIOCore

extension Connection {
  /// Tells a client's connection that datagrams to its peer leave from another local address now; it migrates (RFC 9000 §9.2).
  ///
  /// Before the handshake is confirmed nobody may migrate: then a connection whose address is gone ends, and has to be dialled
  /// anew. While an earlier change is still being validated the newest one waits; the connection makes it by itself.
  ///
  /// - Parameter formerIsGone: nothing can be sent any more from the address that the connection has had. Data then leaves from
  ///   the new one at once, else only when it is validated.
  public func localAddressChanged(to address: Address, formerIsGone: Bool, now: NIODeadline) {
    // A path without a local address is the kernel's choice with each datagram, until the peer's first answer fixes it.
    guard isClient, isOpen, closeOrder == nil, !knownPath.local.isUnspecified else { return }
    self.now = now
    guard isHandshakeConfirmed || !formerIsGone || address == knownPath.local else {
      return end(
        ConnectionClosure(
          cause: .handshake(.addressChanged), reason: "our address \(knownPath.local.host) has gone during the handshake"))
    }
    localMoves.changed(to: address, formerIsGone: formerIsGone)
    if isHandshakeConfirmed { makeMove() }
    // So that the deadline is seen.
    enroll()
  }

  /// Makes the move that waits, if its time has come.
  func makeMove() {
    guard let move = localMoves.next(from: knownPath.local, now: now) else { return }
    let target = NetworkPath(local: move.address, remote: knownPath.remote)
    probeTimeoutBeforeMove = probeTimeout
    let result = unsafe target.withLibraryPath { path in
      move.isImmediate
        ? unsafe ngtcp2_conn_initiate_immediate_migration(conn, path, now.uptimeNanoseconds)
        : unsafe ngtcp2_conn_initiate_migration(conn, path, now.uptimeNanoseconds)
    }
    guard result == 0 else {
      // Mostly for want of a connection ID; the peer sends one as soon as it has heard that others were retired.
      return localMoves.refused(until: now.advanced(byNanoseconds: max(probeTimeoutBeforeMove, Connection.retryNanoseconds)))
    }
    if move.isImmediate {
      knownPath = target
      // A PATH_CHALLENGE moves nobody (RFC 9000 §9.1), and a client that only listens has nothing else to send.
      if isWaitingForPeer { silenceProbes = SilenceProbes(owed: Connection.probesOfMove) }
      lossShield.pathDoubted(at: now)
    }
    localMoves.began(until: now.advanced(byNanoseconds: validationNanoseconds))
    setNeedsWrite()
  }

  /// A client that dialled without a local address learns it from the peer's first answer.
  func adoptLocalAddress(_ address: Address) {
    knownPath.local = address
    unsafe address.withSockaddr { bytes in
      var library = unsafe ngtcp2_addr(bytes)
      unsafe ngtcp2_conn_set_local_addr(conn, &library)
    }
  }

  /// Takes a packet of a client's, of which so many bytes are not the application's, for the answer to a PATH_CHALLENGE if it is large:
  /// that is padded (RFC 9000 §8.2.2), and ngtcp2 tells of none. What it sends again may be as large, so this is a guess.
  func notePadding(_ byteCount: Int, of packetBytes: Int) {
    guard byteCount >= Connection.paddingBytes, challengedAt.map({ now >= $0 + Connection.challengePause }) ?? true else { return }
    // What is larger than the path's packets looks for its MTU.
    guard unsafe packetBytes <= ngtcp2_conn_get_path_max_tx_udp_payload_size(conn) else { return }
    challengedAt = now
    record(.challenged)
  }

  /// Asks ngtcp2 which path it sends on after it has seen a packet from another.
  ///
  /// - Parameter isRebinding: the client uses the connection ID that it has used before, so that it knows nothing of its move.
  func noticePath(isRebinding: Bool) {
    guard let library = unsafe ngtcp2_conn_get_path(conn) else { return }
    let current = unsafe NetworkPath(library.pointee)
    guard current != knownPath else { return }
    pathGuard.moved(from: knownPath, to: current, until: now.advanced(byNanoseconds: validationNanoseconds))
    knownPath = current
    newPathLimit = AmplificationLimit(receivedBytes: 0)
    forgetLingeringIDs()
    prepareResends(isRebinding: isRebinding)
    enroll()
  }

  func recordPathValidation(_ path: NetworkPath, _ result: ngtcp2_path_validation_result) {
    let succeeded = result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS
    if isClient {
      if let library = unsafe ngtcp2_conn_get_path(conn) { knownPath = unsafe NetworkPath(library.pointee) }
      localMoves.ended(restingUntil: succeeded ? now.advanced(byNanoseconds: settlingNanoseconds) : now)
    } else if succeeded {
      pathGuard.validated(path, until: now.advanced(byNanoseconds: settlingNanoseconds))
      if path == knownPath {
        newPathLimit = nil
        anewUntil = now.advanced(byNanoseconds: settlingNanoseconds)
      }
    } else if let former = pathGuard.abandoned(path) {
      knownPath = former
      newPathLimit = nil
    }
    // A challenge that had to be short is repeated at full length (RFC 9000 §8.2.1): the path is validated twice and told once.
    guard succeeded, path != lastMigration else { return }
    lastMigration = path
    record(.migrated(path))
  }

  /// After so long, ngtcp2 has given up the validation of a path for certain; it tries for three times the larger of the probe
  /// timeout and that of a connection without samples.
  private var validationNanoseconds: UInt64 {
    6 * max(probeTimeout, probeTimeoutBeforeMove, Connection.initialProbeTimeoutNanoseconds)
  }

  /// So long ngtcp2 goes on with a validated path's MTU and with the path before it.
  private var settlingNanoseconds: UInt64 {
    3 * max(probeTimeout, probeTimeoutBeforeMove)
  }

  private static let initialProbeTimeoutNanoseconds: UInt64 = 1_000_000_000
  private static let retryNanoseconds: UInt64 = 100_000_000
  /// A little less than the 1200 bytes to which a PATH_RESPONSE is padded: there may be an ACK frame beside it.
  private static let paddingBytes = 1000
  private static let challengePause = TimeAmount.seconds(1)
}
