internal import CNgtcp2
internal import Events
internal import NIOCore

/// A datagram that no connection sends.
public struct StatelessDatagram: Sendable {
  public var path: NetworkPath
  public var bytes: [UInt8]
}

extension Endpoint {
  /// The next datagram that belongs to no connection; nil when there is none.
  public func nextStatelessDatagram() -> StatelessDatagram? {
    statelessDatagrams.popFirst()
  }

  /// A short header for nobody: a stateless reset for one of our connections, or a packet of a connection that was lost here.
  func receiveShortUnknown(_ datagram: UnsafeRawBufferPointer, _ header: DatagramHeader, path: NetworkPath, now: NIODeadline) {
    if datagram.count >= Endpoint.shortestDatagramBytes,
      let token = unsafe ResetToken(UnsafeRawBufferPointer(rebasing: datagram.suffix(ResetToken.byteCount))),
      let connection = connectionsByResetToken[token]
    {
      return connection.receiveStatelessReset(now: now)
    }
    refuse(.unknownConnection, path)
    reset(header.destination, triggerBytes: datagram.count, path: path, now: now)
  }

  // MARK: Answers

  /// Answers a packet of a lost connection, RFC 9000 §10.3: smaller than what caused it, so that two such endpoints do not
  /// answer each other for ever.
  private func reset(_ id: ConnectionID, triggerBytes: Int, path: NetworkPath, now: NIODeadline) {
    let byteCount = min(triggerBytes - 1, Endpoint.resetBytes)
    guard byteCount >= Endpoint.shortestDatagramBytes, statelessBudget.take(now: now) else { return }
    let noise = makeNoise(byteCount - ResetToken.byteCount)
    let token = ResetToken(of: id, key: resetKey)
    unsafe send(path) { room in
      unsafe token.withBytes { token in
        unsafe ngtcp2_pkt_write_stateless_reset(
          room.baseAddress, room.count, token.baseAddress?.assumingMemoryBound(to: UInt8.self), noise, noise.count)
      }
    }
  }

  /// Names the versions that are spoken here, RFC 9000 §6.
  func negotiateVersion(_ header: DatagramHeader, path: NetworkPath, now: NIODeadline) {
    guard statelessBudget.take(now: now) else { return }
    let noise = makeNoise(1)[0]
    // A reserved version keeps clients honest about ignoring what they do not know (RFC 9000 §6.3). Not the one that was asked for:
    // a client discards an answer that lists that.
    let reserved: UInt32 = header.version == 0x1a2a_3a4a ? 0x2a3a_4a5a : 0x1a2a_3a4a
    let versions = [reserved, DatagramHeader.version1]
    unsafe send(path) { room in
      unsafe header.source.withBytes { source in
        unsafe header.destination.withBytes { destination in
          unsafe ngtcp2_pkt_write_version_negotiation(
            room.baseAddress, room.count, noise, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
            destination.baseAddress?.assumingMemoryBound(to: UInt8.self), destination.count, versions, versions.count)
        }
      }
    }
  }

  /// Makes the client prove its address, RFC 9000 §8.1.2.
  func retry(_ header: DatagramHeader, path: NetworkPath, now: NIODeadline) {
    var source = makeConnectionID().ngtcp2
    var original = header.destination.ngtcp2
    var client = header.source.ngtcp2
    var token = [UInt8](repeating: 0, count: Endpoint.retryTokenBytes)
    let tokenBytes = unsafe path.remote.withSockaddr { remote in
      unsafe ngtcp2_crypto_generate_retry_token(
        &token, retryKey, retryKey.count, header.version, ngtcp2_addr(remote).addr, UInt32(remote.count), &source, &original,
        now.uptimeNanoseconds)
    }
    guard tokenBytes > 0 else { return }
    unsafe send(path) { room in
      unsafe ngtcp2_crypto_write_retry(
        room.baseAddress, room.count, header.version, &client, &source, &original, token, tokenBytes)
    }
  }

  /// The destination that a client chose before our Retry; nil when the token is not one of ours for this client, or too old.
  func originalDestination(of initial: ClientInitial, path: NetworkPath, now: NIODeadline) -> ConnectionID? {
    var original = ngtcp2_cid()
    var destination = initial.header.destination.ngtcp2
    let result = unsafe path.remote.withSockaddr { remote in
      unsafe ngtcp2_crypto_verify_retry_token(
        &original, initial.token, initial.token.count, retryKey, retryKey.count, initial.header.version,
        ngtcp2_addr(remote).addr, UInt32(remote.count), &destination, configuration.retryTokenLifetime.nanoseconds,
        now.uptimeNanoseconds)
    }
    return result == 0 ? ConnectionID(original) : nil
  }

  /// Refuses a connection before there is one.
  func refuseConnection(_ header: DatagramHeader, code: UInt64, path: NetworkPath, now: NIODeadline) {
    guard statelessBudget.take(now: now) else { return }
    var destination = header.source.ngtcp2
    var source = header.destination.ngtcp2
    unsafe send(path) { room in
      unsafe ngtcp2_crypto_write_connection_close(
        room.baseAddress, room.count, header.version, &destination, &source, code, nil, 0)
    }
  }

  private func send(_ path: NetworkPath, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
    guard statelessDatagrams.count < Endpoint.statelessQueueLimit else { return }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Endpoint.smallestInitialBytes) { room, count in
      count = unsafe max(0, write(room))
    }
    guard !bytes.isEmpty else { return }
    statelessDatagrams.append(StatelessDatagram(path: path, bytes: bytes))
  }

  private func makeNoise(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private static let resetBytes = 43
  private static let retryTokenBytes = 256
  private static let statelessQueueLimit = 1024
}
