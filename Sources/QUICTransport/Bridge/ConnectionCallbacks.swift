internal import CGnuTLS
internal import CNgtcp2
internal import NIOCore

/// All of the library's callbacks, in the order of the C struct. Those of TLS and packet protection are ngtcp2's own glue.
func makeConnectionCallbacks() -> ngtcp2_callbacks {
  var callbacks = ngtcp2_callbacks()
  unsafe callbacks.client_initial = ngtcp2_crypto_client_initial_cb
  unsafe callbacks.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb

  unsafe callbacks.recv_crypto_data = { conn, level, offset, data, count, user in
    guard let connection = unsafe connection(user) else { return NGTCP2_ERR_CALLBACK_FAILURE }
    do throws(ConnectError) {
      try connection.makeSession()
    } catch {
      return NGTCP2_ERR_CALLBACK_FAILURE
    }
    return CurrentHandshake.run(connection.isClient ? nil : connection.tls) {
      unsafe ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, count, user)
    }
  }

  unsafe callbacks.handshake_completed = { _, user in
    unsafe finish(user) { $0.recordHandshakeCompleted() }
  }

  unsafe callbacks.encrypt = WrittenFrame.encrypt
  unsafe callbacks.decrypt = ngtcp2_crypto_decrypt_cb
  unsafe callbacks.hp_mask = ngtcp2_crypto_hp_mask_cb

  unsafe callbacks.recv_stream_data = { _, flags, stream, _, data, count, user, _ in
    unsafe finish(user) { connection in
      unsafe connection.recordStreamData(
        UnsafeRawBufferPointer(start: data, count: count), on: StreamID(rawValue: stream),
        isFinal: flags & UInt32(NGTCP2_STREAM_DATA_FLAG_FIN) != 0, isEarly: flags & UInt32(NGTCP2_STREAM_DATA_FLAG_EARLY) != 0)
    }
  }

  unsafe callbacks.acked_stream_data_offset = { _, stream, offset, count, user, _ in
    unsafe note(user) { $0.recordAcknowledged(Int(clamping: count), upTo: offset + count, on: StreamID(rawValue: stream)) }
  }

  unsafe callbacks.stream_open = { _, stream, user in
    unsafe note(user) { $0.recordStreamOpened(StreamID(rawValue: stream)) }
  }

  unsafe callbacks.stream_close = { _, flags, stream, code, user, _ in
    unsafe finish(user) {
      $0.recordStreamClosed(
        StreamID(rawValue: stream), code: flags & UInt32(NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0 ? code : nil)
    }
  }

  unsafe callbacks.recv_stateless_reset = { _, _, user in
    unsafe note(user) { $0.wasReset = true }
  }

  unsafe callbacks.recv_retry = { conn, header, user in
    _ = unsafe note(user) { $0.hasReceivedRetry = true }
    return unsafe ngtcp2_crypto_recv_retry_cb(conn, header, user)
  }

  unsafe callbacks.extend_max_local_streams_bidi = { _, maximum, user in
    unsafe note(user) { $0.application?.peerExtendedStreamLimit(bidirectionalMaximum: maximum) }
  }

  unsafe callbacks.rand = { destination, count, _ in
    _ = unsafe gnutls_rnd(GNUTLS_RND_NONCE, destination, count)
  }

  unsafe callbacks.get_new_connection_id = { _, id, token, _, user in
    unsafe finish(user) { connection in
      guard let endpoint = unsafe connection.endpoint else { return false }
      let new = endpoint.makeConnectionID()
      unsafe id?.pointee = new.ngtcp2
      let reset = ResetToken(of: new, key: endpoint.resetKey)
      let room = unsafe UnsafeMutableRawBufferPointer(start: token, count: ResetToken.byteCount)
      unsafe reset.withBytes { unsafe room.copyMemory(from: $0) }
      endpoint.register(new, for: connection)
      return true
    }
  }

  unsafe callbacks.remove_connection_id = { _, id, user in
    unsafe note(user) { connection in
      guard let id = unsafe id else { return }
      unsafe connection.forget(ConnectionID(id.pointee))
    }
  }

  unsafe callbacks.update_key = ngtcp2_crypto_update_key_cb

  unsafe callbacks.path_validation = { _, _, path, result, user in
    unsafe note(user) { connection in
      guard let path = unsafe path else { return }
      unsafe connection.recordPathValidation(NetworkPath(path.pointee), result)
    }
  }

  unsafe callbacks.stream_reset = { _, stream, _, code, user, _ in
    unsafe finish(user) { connection in
      connection.recordFailure { () throws(ApplicationError) in
        try connection.application?.peerReset(StreamID(rawValue: stream), code: code)
      }
    }
  }

  unsafe callbacks.extend_max_stream_data = { _, stream, _, user, _ in
    unsafe note(user) { $0.application?.unblocked(StreamID(rawValue: stream)) }
  }

  unsafe callbacks.dcid_status = { _, kind, _, _, token, user in
    unsafe note(user) { connection in
      guard let token = unsafe ResetToken(UnsafeRawBufferPointer(start: token, count: token == nil ? 0 : ResetToken.byteCount))
      else { return }
      if UInt32(kind) == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE.rawValue {
        unsafe connection.endpoint?.register(token, for: connection)
      } else {
        unsafe connection.endpoint?.retire(token, of: connection)
      }
    }
  }

  unsafe callbacks.handshake_confirmed = { _, user in
    unsafe note(user) { $0.recordHandshakeConfirmed() }
  }

  unsafe callbacks.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb
  unsafe callbacks.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb
  unsafe callbacks.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb

  // stream_stop_sending is not for the peer's STOP_SENDING but for ours; the peer's has no callback in 0.12.

  unsafe callbacks.version_negotiation = ngtcp2_crypto_version_negotiation_cb

  // A client may open streams when it can read, a server as soon as it can write: then the peer's limits are known.
  unsafe callbacks.recv_rx_key = { _, level, user in
    unsafe finish(user) { $0.isClient && level == NGTCP2_CRYPTO_LEVEL_APPLICATION ? $0.recordApplicationKeys() : true }
  }

  unsafe callbacks.recv_tx_key = { _, level, user in
    unsafe finish(user) { !$0.isClient && level == NGTCP2_CRYPTO_LEVEL_APPLICATION ? $0.recordApplicationKeys() : true }
  }
  return callbacks
}

private func connection(_ user: UnsafeMutableRawPointer?) -> Connection? {
  guard let user = unsafe user else { return nil }
  return unsafe Unmanaged<Connection>.fromOpaque(user).takeUnretainedValue()
}

// These count no reference: whoever called into the library holds the connection for as long.

/// For what cannot go wrong.
@inline(__always)
private func note(_ user: UnsafeMutableRawPointer?, _ body: (Connection) -> Void) -> Int32 {
  guard let user = unsafe user else { return NGTCP2_ERR_CALLBACK_FAILURE }
  unsafe Unmanaged<Connection>.fromOpaque(user)._withUnsafeGuaranteedRef { body($0) }
  return 0
}

/// For what the library must stop at when it fails.
@inline(__always)
private func finish(_ user: UnsafeMutableRawPointer?, _ body: (Connection) -> Bool) -> Int32 {
  guard let user = unsafe user else { return NGTCP2_ERR_CALLBACK_FAILURE }
  return unsafe Unmanaged<Connection>.fromOpaque(user)._withUnsafeGuaranteedRef { body($0) } ? 0 : NGTCP2_ERR_CALLBACK_FAILURE
}
