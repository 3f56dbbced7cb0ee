internal import CNghttp3

/// The functions that nghttp3 calls, in the order of `nghttp3_callbacks`. Each finds the session and the stream and calls one
/// method that records.
///
/// A stream without an object is one that nobody was told of, or that was closed; most callbacks have nothing to record for it.
func libraryCallbacks() -> nghttp3_callbacks {
  var callbacks = nghttp3_callbacks()
  unsafe callbacks.acked_stream_data = { _, _, byteCount, session, stream in
    unsafe call(session, stream) { _, stream in stream.outgoing.content.acknowledge(Int(byteCount)) }
  }
  unsafe callbacks.stream_close = { _, _, code, session, stream in
    unsafe call(session, stream) { session, stream in session.recordClosed(stream, code: code) }
  }
  unsafe callbacks.recv_data = { _, _, bytes, byteCount, session, stream in
    unsafe call(session, stream) { session, stream in
      unsafe session.recordContent(UnsafeRawBufferPointer(start: bytes, count: byteCount), on: stream)
    }
  }
  unsafe callbacks.deferred_consume = { _, id, byteCount, session, stream in
    let isKnown = unsafe stream != nil
    return unsafe call(session) { session in session.recordFraming(byteCount, on: id, isKnown: isKnown) }
  }
  unsafe callbacks.begin_headers = { _, id, session, stream in
    if unsafe stream == nil { return unsafe call(session) { session in session.recordRequestBegan(on: id) } }
    return unsafe call(session, stream) { _, stream in stream.incoming.fields.begin() }
  }
  unsafe callbacks.recv_header = { _, _, token, name, value, flags, session, stream in
    unsafe recordField(token, name, value, flags, session, stream)
  }
  unsafe callbacks.end_headers = { _, _, isFinal, session, stream in
    unsafe call(session, stream) { session, stream in session.recordHeadEnded(on: stream, isFinal: isFinal != 0) }
  }
  unsafe callbacks.begin_trailers = { _, _, session, stream in
    unsafe call(session, stream) { _, stream in stream.incoming.fields.begin() }
  }
  unsafe callbacks.recv_trailer = { _, _, token, name, value, flags, session, stream in
    unsafe recordField(token, name, value, flags, session, stream)
  }
  unsafe callbacks.end_trailers = { _, _, _, session, stream in
    unsafe call(session, stream) { session, stream in session.recordTrailersEnded(on: stream) }
  }
  unsafe callbacks.stop_sending = { _, id, code, session, stream in
    if unsafe stream == nil { return unsafe call(session) { session in session.recordAbort(on: id, code: code) } }
    return unsafe call(session, stream) { session, stream in session.recordMalformed(stream) }
  }
  unsafe callbacks.end_stream = { _, _, session, stream in
    unsafe call(session, stream) { session, stream in session.recordEnd(on: stream) }
  }
  // nghttp3 calls it right behind `stop_sending` and for the same reason: one record ends both directions.
  unsafe callbacks.reset_stream = { _, _, _, _, _ in 0 }
  unsafe callbacks.shutdown = { _, id, session in
    unsafe call(session) { session in session.recordGoAway(id) }
  }
  return callbacks
}

/// Where nghttp3 asks for content.
func contentReader() -> nghttp3_data_reader {
  unsafe nghttp3_data_reader { _, _, vectors, vectorCount, flags, session, stream in
    var result = nghttp3_ssize(NGHTTP3_ERR_CALLBACK_FAILURE)
    guard let flags = unsafe flags else { return result }
    _ = unsafe call(session, stream) { session, stream in
      result = unsafe session.provideContent(
        of: stream, into: UnsafeMutableBufferPointer(start: vectors, count: vectorCount), flags: &flags.pointee)
    }
    return result
  }
}

private func recordField(
  _ token: Int32, _ name: OpaquePointer?, _ value: OpaquePointer?, _ flags: UInt8, _ session: UnsafeMutableRawPointer?,
  _ stream: UnsafeMutableRawPointer?
) -> Int32 {
  let name = unsafe nghttp3_rcbuf_get_buf(name)
  let value = unsafe nghttp3_rcbuf_get_buf(value)
  return unsafe call(session, stream) { session, stream in
    unsafe session.recordField(
      token: token, name: UnsafeRawBufferPointer(start: name.base, count: name.len),
      value: UnsafeRawBufferPointer(start: value.base, count: value.len),
      neverIndexed: flags & UInt8(NGHTTP3_NV_FLAG_NEVER_INDEX) != 0, on: stream)
  }
}

// No callback counts a reference: the owner holds the session, and the session holds a stream in `streams` until `stream_close`,
// whose record hands it on to the list of events.

private func call(_ session: UnsafeMutableRawPointer?, _ body: (HTTP3Session) -> Void) -> Int32 {
  guard let session = unsafe session else { return NGHTTP3_ERR_CALLBACK_FAILURE }
  unsafe Unmanaged<HTTP3Session>.fromOpaque(session)._withUnsafeGuaranteedRef { body($0) }
  return 0
}

private func call(
  _ session: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?, _ body: (HTTP3Session, HTTP3Stream) -> Void
) -> Int32 {
  guard let stream = unsafe stream else { return 0 }
  return unsafe call(session) { session in
    unsafe Unmanaged<HTTP3Stream>.fromOpaque(stream)._withUnsafeGuaranteedRef { body(session, $0) }
  }
}
