public import HTTPMessage
public import NIOCore

// The chunked transfer coding (RFC 9112 §7.1), written around content that is not copied here.
extension ByteBuffer {
  /// Appends the size line of a chunk of `byteCount` bytes, which must not be 0.
  public mutating func writeHTTP1ChunkStart(byteCount: Int) {
    var shift = max(0, (UInt64.bitWidth - 1 - UInt64(byteCount).leadingZeroBitCount) / 4 * 4)
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: byteCount >> shift) & 15
      writeInteger(digit < 10 ? digit + 48 : digit + 87)
      shift -= 4
    }
    writeInteger(0x0d0a as UInt16)
  }

  /// Appends the line end behind a chunk's content.
  public mutating func writeHTTP1ChunkEnd() {
    writeInteger(0x0d0a as UInt16)
  }

  /// Appends the last chunk and the trailer section.
  ///
  /// Trailers with bytes that would end a line are left out: the content is complete and the head has gone.
  public mutating func writeHTTP1LastChunk(trailers: FieldSection?) {
    writeStaticString("0\r\n")
    if let trailers {
      let start = writerIndex
      if !FieldLineWriter.write(trailers, to: &self, keepsContentLength: false).isSound { moveWriterIndex(to: start) }
    }
    writeStaticString("\r\n")
  }
}
