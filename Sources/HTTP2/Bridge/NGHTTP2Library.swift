internal import CNghttp2
import HTTPMessage
import NIOCore

/// Owns one `nghttp2_session` and says in Swift what its functions say in C.
///
/// The calls never run callbacks, except `receive` and `collectOutput`.
@safe
final class NGHTTP2Library {
  private let session: OpaquePointer
  /// Reused for every field section that is sent; nghttp2 copies names and values.
  private var fieldVector: [nghttp2_nv] = unsafe []

  init(role: HTTP2Session.Role, configuration: HTTP2Configuration) {
    var options: OpaquePointer?
    unsafe precondition(nghttp2_option_new(&options) == 0, "no memory for an HTTP/2 session")
    defer { unsafe nghttp2_option_del(options) }
    unsafe nghttp2_option_set_no_auto_window_update(options, 1)
    // nghttp2 estimates a block's length from the uncompressed fields and refuses more than 64 KiB by default.
    unsafe nghttp2_option_set_max_send_header_block_length(options, 256 * 1024)
    // The priority tree would keep closed streams; nobody weighs streams by dead ones.
    unsafe nghttp2_option_set_no_closed_streams(options, 1)
    // `ResetBudget` knows which resets are harmless and needs no clock; the library's own limit stays behind it.
    unsafe nghttp2_option_set_stream_reset_rate_limit(options, 100_000, 10_000)

    let callbacks = unsafe SessionCallbacks.make()
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    var session: OpaquePointer?
    let result =
      switch role {
      case .client: unsafe nghttp2_session_client_new2(&session, callbacks, nil, options)
      case .server: unsafe nghttp2_session_server_new2(&session, callbacks, nil, options)
      }
    guard result == 0, let session = unsafe session else { preconditionFailure("no memory for an HTTP/2 session") }
    unsafe self.session = unsafe session
  }

  deinit {
    unsafe nghttp2_session_del(session)
  }

  /// Names the object whose methods the callbacks call; it owns this one and outlives it.
  func attach(_ owner: HTTP2Session) {
    unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(owner).toOpaque())
  }

  func attach(_ stream: HTTP2Stream) {
    _ = unsafe nghttp2_session_set_stream_user_data(session, stream.id, Unmanaged.passUnretained(stream).toOpaque())
  }

  /// The stream is over: the library must not hand its object out again.
  func detach(_ stream: HTTP2Stream) {
    _ = unsafe nghttp2_session_set_stream_user_data(session, stream.id, nil)
  }

  /// The stream of that number; nil when the session does not know it any more.
  func stream(_ id: Int32) -> HTTP2Stream? {
    guard let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
    return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
  }
}

// MARK: - Bytes

extension NGHTTP2Library {
  /// Feeds bytes from the peer; negative when the connection cannot go on.
  func receive(_ buffer: ByteBuffer, for owner: HTTP2Session) -> Int {
    unsafe InputWindow.withBytes(of: buffer, in: owner) { bytes in
      unsafe nghttp2_session_mem_recv(session, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
  }

  /// Appends what is to be sent to `owner.output` until that holds about a piece; negative when the connection cannot go on.
  func collectOutput(for owner: HTTP2Session) -> Int {
    while owner.output.readableBytes < owner.pieceBytes {
      var bytes: UnsafePointer<UInt8>?
      let before = owner.output.readableBytes
      let count = unsafe nghttp2_session_mem_send(session, &bytes)
      guard count >= 0 else { return count }
      if count > 0 { unsafe owner.output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count)) }
      let isPaused = count == 0
      if !owner.pendingResets.isEmpty {
        for stream in owner.pendingResets { owner.reset(stream, code: stream.resetAfterEnd ?? .noError) }
        owner.pendingResets.removeAll(keepingCapacity: true)
        continue
      }
      // Content is written from inside the call; then the call returns nothing although there may be more to send.
      if isPaused, owner.output.readableBytes == before { break }
    }
    return 0
  }

  /// Frames other than content that wait to be sent.
  var waitingFrameCount: Int { unsafe nghttp2_session_get_outbound_queue_size(session) }

  var wantsRead: Bool { unsafe nghttp2_session_want_read(session) != 0 }

  var wantsWrite: Bool { unsafe nghttp2_session_want_write(session) != 0 }

  static func describe(_ result: Int) -> String {
    unsafe String(cString: nghttp2_strerror(Int32(clamping: result)))
  }

  static func isFlood(_ result: Int) -> Bool { result == Int(NGHTTP2_ERR_FLOODED.rawValue) }
}

// MARK: - Messages

extension NGHTTP2Library {
  func submitRequest(_ fields: FieldSection, hasContent: Bool, stream: HTTP2Stream) -> Int32? {
    let pointer = unsafe Unmanaged.passUnretained(stream).toOpaque()
    let id = unsafe withVector(of: fields) { vector in
      guard hasContent else {
        return unsafe nghttp2_submit_request(session, nil, vector.baseAddress, vector.count, nil, pointer)
      }
      var provider = unsafe SessionCallbacks.contentProvider(of: stream)
      return unsafe nghttp2_submit_request(session, nil, vector.baseAddress, vector.count, &provider, pointer)
    }
    return id > 0 ? id : nil
  }

  func submitResponse(_ fields: FieldSection, hasContent: Bool, stream: HTTP2Stream) {
    _ = unsafe withVector(of: fields) { vector in
      guard hasContent else { return unsafe nghttp2_submit_response(session, stream.id, vector.baseAddress, vector.count, nil) }
      var provider = unsafe SessionCallbacks.contentProvider(of: stream)
      return unsafe nghttp2_submit_response(session, stream.id, vector.baseAddress, vector.count, &provider)
    }
  }

  func submitInterim(_ fields: FieldSection, stream: HTTP2Stream) {
    _ = unsafe withVector(of: fields) { vector in
      unsafe nghttp2_submit_headers(session, 0, stream.id, nil, vector.baseAddress, vector.count, nil)
    }
  }

  func submitTrailers(_ fields: FieldSection, stream: HTTP2Stream) {
    _ = unsafe withVector(of: fields) { vector in
      unsafe nghttp2_submit_trailer(session, stream.id, vector.baseAddress, vector.count)
    }
  }

  func resume(_ id: Int32) {
    _ = unsafe nghttp2_session_resume_data(session, id)
  }

  func reset(_ id: Int32, code: HTTP2ErrorCode) {
    _ = unsafe nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue)
  }

  /// Lends the fields as nghttp2 wants them; the pointers do not leave `body`.
  private func withVector(of fields: FieldSection, _ body: (UnsafeBufferPointer<nghttp2_nv>) -> Int32) -> Int32 {
    unsafe fields.withRawFields { raw in
      unsafe fieldVector.removeAll(keepingCapacity: true)
      for index in unsafe 0..<raw.count {
        let name = unsafe raw.name(at: index)
        let value = unsafe raw.value(at: index)
        let flag = unsafe raw.neverIndexed(at: index) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
        unsafe fieldVector.append(
          nghttp2_nv(
            name: UnsafeMutableRawPointer(mutating: name.baseAddress)?.assumingMemoryBound(to: UInt8.self),
            value: UnsafeMutableRawPointer(mutating: value.baseAddress)?.assumingMemoryBound(to: UInt8.self),
            namelen: name.count, valuelen: value.count, flags: UInt8(flag.rawValue)))
      }
      return unsafe fieldVector.withUnsafeBufferPointer { unsafe body($0) }
    }
  }
}

// MARK: - Credit and life

extension NGHTTP2Library {
  func submitSettings(role: HTTP2Session.Role, configuration: HTTP2Configuration) {
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(configuration.streamWindowBytes)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(configuration.limits.sectionBytes)),
    ]
    switch role {
    case .server:
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: configuration.maximumConcurrentStreams))
      // RFC 8441 §3.
      settings.append(nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL.rawValue), value: 1))
    case .client:
      settings.append(nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    _ = unsafe nghttp2_submit_settings(session, 0, settings, settings.count)
    _ = unsafe nghttp2_session_set_local_window_size(session, 0, 0, configuration.connectionWindowBytes)
  }

  func consume(_ byteCount: Int, on id: Int32) {
    _ = unsafe nghttp2_session_consume_stream(session, id, byteCount)
  }

  /// Makes the window of a stream larger; the peer learns it by WINDOW_UPDATE.
  func setWindow(_ byteCount: Int, on id: Int32) {
    _ = unsafe nghttp2_session_set_local_window_size(session, 0, id, Int32(clamping: byteCount))
  }

  func consumeConnection(_ byteCount: Int) {
    _ = unsafe nghttp2_session_consume_connection(session, byteCount)
  }

  var peerMaximumConcurrentStreams: Int {
    Int(unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  var isExtendedConnectAllowed: Bool {
    unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
  }

  var isRequestAllowed: Bool { unsafe nghttp2_session_check_request_allowed(session) != 0 }

  func submitShutdownNotice() {
    _ = unsafe nghttp2_submit_shutdown_notice(session)
  }

  func submitPing() {
    _ = unsafe nghttp2_submit_ping(session, 0, nil)
  }

  func submitGoAway() {
    let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
    _ = unsafe nghttp2_submit_goaway(session, 0, last, HTTP2ErrorCode.noError.rawValue, nil, 0)
  }

  func terminate(_ code: HTTP2ErrorCode) {
    _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
  }
}
