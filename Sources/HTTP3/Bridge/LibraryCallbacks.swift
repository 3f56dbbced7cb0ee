internal import CNghttp3

/// The functions that nghttp3 calls, in the order of `nghttp3_callbacks`. Each finds the session and the stream and calls one
/// method that records.
func libraryCallbacks() -> nghttp3_callbacks {
  var callbacks = nghttp3_callbacks()
  unsafe callbacks.acked_stream_data = { _, _, byteCount, _, stream in
    unsafe object(stream, HTTP3Stream.self)?.outgoing.content.acknowledge(Int(byteCount))
    return 0
  }
  unsafe callbacks.stream_close = { _, _, code, session, stream in
    guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
    return unsafe call(session) { $0.recordClosed(stream, code: code) }
  }
  unsafe callbacks.recv_data = { _, _, bytes, byteCount, session, stream in
    guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
    return unsafe call(session) {
      unsafe $0.recordContent(UnsafeRawBufferPointer(start: bytes, count: byteCount), on: stream)
    }
  }
  unsafe callbacks.deferred_consume = { _, id, byteCount, session, stream in
    let stream = unsafe object(stream, HTTP3Stream.self)
    return unsafe call(session) { $0.recordFraming(byteCount, on: id, stream) }
  }
  unsafe callbacks.begin_headers = { _, id, session, stream in
    let stream = unsafe object(stream, HTTP3Stream.self)
    return unsafe call(session) { $0.recordSectionBegan(on: id, stream) }
  }
  unsafe callbacks.recv_header = { _, _, token, name, value, flags, session, stream in
    unsafe recordField(token, name, value, flags, session, stream)
  }
  unsafe callbacks.end_headers = { _, _, isFinal, session, stream in
    guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
    return unsafe call(session) { $0.recordHeadEnded(on: stream, isFinal: isFinal != 0) }
  }
  unsafe callbacks.begin_trailers = { _, id, session, stream in
    let stream = unsafe object(stream, HTTP3Stream.self)
    return unsafe call(session) { $0.recordSectionBegan(on: id, stream) }
  }
  unsafe callbacks.recv_trailer = { _, _, token, name, value, flags, session, stream in
    unsafe recordField(token, name, value, flags, session, stream)
  }
  unsafe callbacks.end_trailers = { _, _, _, session, stream in
    guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
    return unsafe call(session) { $0.recordTrailersEnded(on: stream) }
  }
  unsafe callbacks.stop_sending = { _, id, code, session, stream in
    let stream = unsafe object(stream, HTTP3Stream.self)
    return unsafe call(session) { $0.recordAbort(on: id, stream, code: code) }
  }
  unsafe callbacks.end_stream = { _, _, session, stream in
    guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
    return unsafe call(session) { $0.recordEnd(on: stream) }
  }
  unsafe callbacks.reset_stream = { _, id, code, session, stream in
    let stream = unsafe object(stream, HTTP3Stream.self)
    return unsafe call(session) { $0.recordAbort(on: id, stream, code: code) }
  }
  unsafe callbacks.shutdown = { _, id, session in
    unsafe call(session) { $0.recordGoAway(id) }
  }
  return callbacks
}

/// Where nghttp3 asks for content.
func contentReader() -> nghttp3_data_reader {
  unsafe nghttp3_data_reader { _, _, vectors, vectorCount, flags, session, stream in
    guard let session = unsafe object(session, HTTP3Session.self), let stream = unsafe object(stream, HTTP3Stream.self),
      let flags = unsafe flags
    else { return nghttp3_ssize(NGHTTP3_ERR_CALLBACK_FAILURE) }
    return unsafe session.provideContent(
      of: stream, into: UnsafeMutableBufferPointer(start: vectors, count: vectorCount), flags: &flags.pointee)
  }
}

private func recordField(
  _ token: Int32, _ name: OpaquePointer?, _ value: OpaquePointer?, _ flags: UInt8, _ session: UnsafeMutableRawPointer?,
  _ stream: UnsafeMutableRawPointer?
) -> Int32 {
  guard let stream = unsafe object(stream, HTTP3Stream.self) else { return 0 }
  let name = unsafe nghttp3_rcbuf_get_buf(name)
  let value = unsafe nghttp3_rcbuf_get_buf(value)
  return unsafe call(session) {
    unsafe $0.recordField(
      token: token, name: UnsafeRawBufferPointer(start: name.base, count: name.len),
      value: UnsafeRawBufferPointer(start: value.base, count: value.len),
      neverIndexed: flags & UInt8(NGHTTP3_NV_FLAG_NEVER_INDEX) != 0, on: stream)
  }
}

private func object<Object: AnyObject>(_ pointer: UnsafeMutableRawPointer?, _: Object.Type) -> Object? {
  guard let pointer = unsafe pointer else { return nil }
  return unsafe Unmanaged<Object>.fromOpaque(pointer).takeUnretainedValue()
}

private func call(_ session: UnsafeMutableRawPointer?, _ body: (HTTP3Session) -> Void) -> Int32 {
  guard let session = unsafe object(session, HTTP3Session.self) else { return NGHTTP3_ERR_CALLBACK_FAILURE }
  body(session)
  return 0
}
