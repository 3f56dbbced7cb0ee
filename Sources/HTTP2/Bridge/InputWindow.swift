import NIOCore

/// The buffer that nghttp2 is reading, so that content it points into can be handed on as a slice instead of a copy.
struct InputWindow {
  private var buffer = ByteBuffer()
  private var baseAddress: UInt = 0

  /// Lends the buffer's bytes to `body`; inside it, `slice` finds the place of a pointer.
  static func withBytes<Value>(
    of buffer: ByteBuffer, in session: HTTP2Session, _ body: (UnsafeRawBufferPointer) -> Value
  ) -> Value {
    defer { session.input = InputWindow() }
    return unsafe buffer.withUnsafeReadableBytes { bytes in
      session.input = InputWindow(buffer: buffer, baseAddress: UInt(bitPattern: bytes.baseAddress))
      return unsafe body(bytes)
    }
  }

  /// The same bytes as a slice of the buffer; a copy if they lie elsewhere.
  func slice(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
    let address = UInt(bitPattern: bytes.baseAddress)
    let offset = Int(bitPattern: address &- baseAddress)
    if offset >= 0, let slice = buffer.getSlice(at: buffer.readerIndex + offset, length: bytes.count) {
      return slice
    }
    return unsafe ByteBuffer(bytes: bytes)
  }
}
