internal import CNgtcp2
internal import CSocket

/// Where it is noted what of a stream the packet begins with that ngtcp2 is writing.
///
/// ngtcp2 tells nobody what it sends again. But it has every packet encrypted by a callback, which sees the frames. That callback
/// knows no connection, so the thread that writes does: each loop writes one packet at a time.
@safe
final class WrittenFrame {
  private let pointer: UnsafeMutablePointer<StreamFrameHeader?>

  init() {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: nil)
  }

  deinit {
    unsafe pointer.deinitialize(count: 1)
    unsafe pointer.deallocate()
  }

  /// Notes what is written in the meantime.
  ///
  /// - Returns: the first STREAM frame of the last packet; nil when it has none.
  func note<Result>(_ body: () -> Result) -> (Result, StreamFrameHeader?) {
    unsafe pointer.pointee = nil
    unsafe csocket_set_thread_value(pointer)
    defer { csocket_set_thread_value(nil) }
    return unsafe (body(), pointer.pointee)
  }

  /// The callback of ngtcp2's.
  static let encrypt: ngtcp2_encrypt = {
    destination, aead, context, plaintext, count, nonce, nonceCount, additional, additionalCount in
    if let note = unsafe csocket_thread_value() {
      let payload = unsafe UnsafeRawBufferPointer(start: plaintext, count: count)
      unsafe note.assumingMemoryBound(to: StreamFrameHeader?.self).pointee = StreamFrameHeader(payload: payload)
    }
    return unsafe ngtcp2_crypto_encrypt_cb(
      destination, aead, context, plaintext, count, nonce, nonceCount, additional, additionalCount)
  }
}
