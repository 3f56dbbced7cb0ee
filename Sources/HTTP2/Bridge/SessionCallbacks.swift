internal import CNghttp2

/// All functions that libnghttp2 calls, in the order of nghttp2.h: each finds its session and calls one method of it.
enum SessionCallbacks {
  /// Makes the table of callbacks; the caller deletes it.
  static func make() -> OpaquePointer? {
    var table: OpaquePointer?
    unsafe precondition(nghttp2_session_callbacks_new(&table) == 0, "no memory for an HTTP/2 session")

    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(table) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      return unsafe session(user).frameReceived(frame)
    }
    unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table) { _, frame, error, user in
      guard let frame = unsafe frame else { return 0 }
      return unsafe session(user).invalidFrameReceived(frame, error: error)
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table) { _, _, id, data, count, user in
      unsafe session(user).dataReceived(UnsafeRawBufferPointer(start: data, count: count), on: id)
    }
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(table) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      return unsafe session(user).frameSent(frame)
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(table) { _, id, code, user in
      unsafe session(user).streamClosed(id, code: code)
    }
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(table) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      return unsafe session(user).headersBegan(frame)
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(table) { _, _, name, nameCount, value, valueCount, flags, user in
      unsafe session(user).headerReceived(
        name: UnsafeRawBufferPointer(start: name, count: nameCount),
        value: UnsafeRawBufferPointer(start: value, count: valueCount), flags: flags)
    }
    unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(table) { _, _, _, _, _, _, _, _ in
      // By default nghttp2 drops a field with bad bytes and passes the rest of the message on. Here the message is refused.
      NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    unsafe nghttp2_session_callbacks_set_send_data_callback(table) { _, frame, header, count, source, user in
      guard let frame = unsafe frame, let header = unsafe header, let source = unsafe source else {
        return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
      }
      return unsafe session(user).sendContent(
        frame, header: header, count: count, of: sender(source), padding: frame.pointee.data.padlen)
    }
    return unsafe table
  }

  /// Where nghttp2 asks for a stream's content.
  static func contentProvider(of stream: HTTP2Stream) -> nghttp2_data_provider {
    let source = unsafe nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque())
    return unsafe nghttp2_data_provider(source: source) { _, _, _, length, flags, source, user in
      guard let flags = unsafe flags, let source = unsafe source else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
      return unsafe session(user).contentWanted(atMost: length, of: sender(source), flags: &flags.pointee)
    }
  }
}

private func session(_ user: UnsafeMutableRawPointer?) -> HTTP2Session {
  guard let user = unsafe user else { preconditionFailure("an HTTP/2 session without its owner") }
  return unsafe Unmanaged<HTTP2Session>.fromOpaque(user).takeUnretainedValue()
}

private func sender(_ source: UnsafeMutablePointer<nghttp2_data_source>) -> HTTP2Stream {
  guard let pointer = unsafe source.pointee.ptr else { preconditionFailure("HTTP/2 content without its stream") }
  return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
}
