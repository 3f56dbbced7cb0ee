internal import CGnuTLS
internal import CNgtcp2

// What GnuTLS, and ngtcp2's glue to it, call. The session's pointer is an `ngtcp2_crypto_conn_ref` whose user data is the
// `TLSSession` that owns both.

let tlsCallbackConnection: @convention(c) (UnsafeMutablePointer<ngtcp2_crypto_conn_ref>?) -> OpaquePointer? = { reference in
  guard let session = unsafe tlsSession(reference) else { return nil }
  return unsafe session.conn
}

let tlsCallbackVerify: @convention(c) (OpaquePointer?) -> Int32 = { session in
  guard let session = unsafe tlsSession(of: session) else { return GNUTLS_E_INTERNAL_ERROR }
  return session.verifyPeer() ? 0 : GNUTLS_E_CERTIFICATE_ERROR
}

let tlsCallbackTicket:
  @convention(c) (OpaquePointer?, UInt32, UInt32, UInt32, UnsafePointer<gnutls_datum_t>?) -> Int32 = { session, _, _, _, _ in
    unsafe tlsSession(of: session)?.recordTicket()
    return 0
  }

let tlsCallbackClientHello:
  @convention(c) (OpaquePointer?, UInt32, UInt32, UInt32, UnsafePointer<gnutls_datum_t>?) -> Int32 = { session, _, _, _, message in
    guard let message = unsafe message?.pointee else { return 0 }
    unsafe tlsSession(of: session)?.inspect(UnsafeBufferPointer(start: message.data, count: Int(message.size)))
    return 0
  }

private func tlsSession(of session: OpaquePointer?) -> TLSSession? {
  unsafe tlsSession(gnutls_session_get_ptr(session)?.assumingMemoryBound(to: ngtcp2_crypto_conn_ref.self))
}

private func tlsSession(_ reference: UnsafeMutablePointer<ngtcp2_crypto_conn_ref>?) -> TLSSession? {
  guard let owner = unsafe reference?.pointee.user_data else { return nil }
  return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
}
