internal import CNghttp3
import HTTPMessage
import QUICTransport

/// nghttp3's connection object, with its functions as methods. Identifiers are nghttp3's (`StreamIDMapping`).
///
/// Confined to the session's event loop. The session that is given at the start gets the callbacks and must outlive this.
@safe
final class LibraryConnection {
  private let raw: OpaquePointer
  private let fields = FieldVector()

  init(role: HTTP3Role, configuration: HTTP3Configuration, session: HTTP3Session) throws(ApplicationError) {
    var settings = nghttp3_settings()
    unsafe nghttp3_settings_default_versioned(NGHTTP3_SETTINGS_VERSION, &settings)
    settings.max_field_section_size = UInt64(configuration.limits.sectionBytes)
    settings.qpack_max_dtable_capacity = configuration.qpackDecoderTableBytes ?? (role == .server ? 4096 : 0)
    settings.qpack_encoder_max_dtable_capacity = configuration.qpackEncoderTableBytes
    settings.qpack_blocked_streams = configuration.qpackBlockedStreams
    settings.enable_connect_protocol = role == .server && configuration.isExtendedConnectEnabled ? 1 : 0

    var callbacks = libraryCallbacks()
    let context = unsafe Unmanaged.passUnretained(session).toOpaque()
    var connection: OpaquePointer?
    let result =
      switch role {
      case .client:
        unsafe nghttp3_conn_client_new_versioned(
          &connection, NGHTTP3_CALLBACKS_VERSION, &callbacks, NGHTTP3_SETTINGS_VERSION, &settings, nil, context)
      case .server:
        unsafe nghttp3_conn_server_new_versioned(
          &connection, NGHTTP3_CALLBACKS_VERSION, &callbacks, NGHTTP3_SETTINGS_VERSION, &settings, nil, context)
      }
    guard result == 0, let connection = unsafe connection else { throw ApplicationError(library: result) }
    unsafe raw = connection
    unsafe nghttp3_conn_set_max_concurrent_streams(raw, max(configuration.maximumConcurrentStreams, 4096))
  }

  deinit {
    unsafe nghttp3_conn_del(raw)
  }

  func bind(control: Int64, encoder: Int64, decoder: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_bind_control_stream(raw, control))
    try check(unsafe nghttp3_conn_bind_qpack_streams(raw, encoder, decoder))
  }

  /// For servers: how many request streams the client may have opened in total; PRIORITY_UPDATE is held against it.
  func setMaximumRequestStreams(_ total: UInt64) {
    unsafe nghttp3_conn_set_max_client_streams_bidi(raw, total)
  }

  // MARK: Receiving

  /// - Returns: bytes that were consumed and are not content, or a negative error.
  func read(_ bytes: UnsafeRawBufferPointer, on stream: Int64, isFinal: Bool) -> Int {
    unsafe nghttp3_conn_read_stream(
      raw, stream, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, isFinal ? 1 : 0)
  }

  func setUserData(_ stream: HTTP3Stream) {
    // It cannot fail: this is called from a callback about that stream.
    _ = unsafe nghttp3_conn_set_stream_user_data(raw, stream.libraryID, Unmanaged.passUnretained(stream).toOpaque())
  }

  func shutdownRead(_ stream: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_shutdown_stream_read(raw, stream))
  }

  /// - Returns: 0 or an error; a stream that is not known is one.
  func close(_ stream: Int64, code: UInt64) -> Int32 {
    unsafe nghttp3_conn_close_stream(raw, stream, code)
  }

  func acknowledge(_ byteCount: Int, on stream: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_add_ack_offset(raw, stream, UInt64(byteCount)))
  }

  // MARK: Sending

  func submitRequest(_ head: FieldSection, on stream: HTTP3Stream, hasContent: Bool) throws(ApplicationError) {
    let userData = unsafe Unmanaged.passUnretained(stream).toOpaque()
    try check(
      unsafe fields.withVector(of: head) { vector in
        var reader = contentReader()
        return if hasContent {
          unsafe nghttp3_conn_submit_request(raw, stream.libraryID, vector.baseAddress, vector.count, &reader, userData)
        } else {
          unsafe nghttp3_conn_submit_request(raw, stream.libraryID, vector.baseAddress, vector.count, nil, userData)
        }
      })
  }

  func submitInterim(_ head: FieldSection, on stream: HTTP3Stream) throws(ApplicationError) {
    try check(
      unsafe fields.withVector(of: head) { vector in
        unsafe nghttp3_conn_submit_info(raw, stream.libraryID, vector.baseAddress, vector.count)
      })
  }

  func submitResponse(_ head: FieldSection, on stream: HTTP3Stream, hasContent: Bool) throws(ApplicationError) {
    try check(
      unsafe fields.withVector(of: head) { vector in
        var reader = contentReader()
        return if hasContent {
          unsafe nghttp3_conn_submit_response(raw, stream.libraryID, vector.baseAddress, vector.count, &reader)
        } else {
          unsafe nghttp3_conn_submit_response(raw, stream.libraryID, vector.baseAddress, vector.count, nil)
        }
      })
  }

  func submitTrailers(_ trailers: FieldSection, on stream: HTTP3Stream) throws(ApplicationError) {
    try check(
      unsafe fields.withVector(of: trailers) { vector in
        unsafe nghttp3_conn_submit_trailers(raw, stream.libraryID, vector.baseAddress, vector.count)
      })
  }

  func submitShutdownNotice() throws(ApplicationError) {
    try check(unsafe nghttp3_conn_submit_shutdown_notice(raw))
  }

  func shutdown() throws(ApplicationError) {
    try check(unsafe nghttp3_conn_shutdown(raw))
  }

  /// There is content again, or it is the stream's turn.
  func resume(_ stream: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_resume_stream(raw, stream))
  }

  /// What to send next; nil when there is nothing.
  func nextWrite(
    into vectors: UnsafeMutableBufferPointer<StreamBytes>
  ) throws(ApplicationError) -> (stream: Int64, vectorCount: Int, isFinal: Bool)? {
    guard let base = vectors.baseAddress else { return nil }
    var stream: Int64 = -1
    var isFinal: Int32 = 0
    let count = unsafe base.withMemoryRebound(to: nghttp3_vec.self, capacity: vectors.count) { rebound in
      unsafe nghttp3_conn_writev_stream(raw, &stream, &isFinal, rebound, vectors.count)
    }
    guard count >= 0 else { throw ApplicationError(library: Int32(count)) }
    guard stream >= 0, count > 0 || isFinal != 0 else { return nil }
    return (stream, count, isFinal != 0)
  }

  func addWriteOffset(_ byteCount: Int, on stream: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_add_write_offset(raw, stream, byteCount))
  }

  /// For servers: where an answer stands among those that the library has something of.
  func setPriority(_ priority: SendPriority, of stream: Int64) throws(ApplicationError) {
    var rank = nghttp3_pri(urgency: UInt32(priority.urgency), inc: priority.isIncremental ? 1 : 0)
    try check(unsafe nghttp3_conn_set_stream_priority(raw, stream, &rank))
  }

  func block(_ stream: Int64) {
    unsafe nghttp3_conn_block_stream(raw, stream)
  }

  func unblock(_ stream: Int64) throws(ApplicationError) {
    try check(unsafe nghttp3_conn_unblock_stream(raw, stream))
  }

  func shutdownWrite(_ stream: Int64) {
    unsafe nghttp3_conn_shutdown_stream_write(raw, stream)
  }

  private func check(_ result: Int32) throws(ApplicationError) {
    guard result == 0 else { throw ApplicationError(library: result) }
  }
}

extension ApplicationError {
  /// What a failure inside nghttp3 means on the wire.
  init(library result: Int32) {
    let code =
      switch result {
      case NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE: HTTP3ErrorCode.excessiveLoad.rawValue
      case NGHTTP3_ERR_QPACK_FATAL: HTTP3ErrorCode.excessiveLoad.rawValue
      default: nghttp3_err_infer_quic_app_error_code(result)
      }
    self.init(code: code, reason: unsafe String(cString: nghttp3_strerror(result)))
  }
}
