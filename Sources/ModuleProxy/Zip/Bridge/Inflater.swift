internal import CZlib

/// Inflates one raw DEFLATE stream (RFC 1951), as zip archives hold it, piece by piece.
@safe struct Inflater: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // It can fail only for want of memory, and then every use of it says so.
    _ = unsafe quicgw_inflate_init_raw(stream)
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Takes compressed bytes and hands out what they stand for.
  /// - Returns: whether the stream has come to its end.
  /// - Throws: `ModuleZipError` for bytes that are no such stream, and what `take` throws.
  mutating func inflate(_ input: [UInt8], take: (ArraySlice<UInt8>) throws -> Void) throws -> Bool {
    var output = [UInt8](repeating: 0, count: Self.pieceBytes)
    var input = input
    let count = UInt32(input.count)
    var used = 0
    while true {
      let (result, produced) = unsafe input.withUnsafeMutableBufferPointer { source in
        unsafe output.withUnsafeMutableBufferPointer { target in
          unsafe stream.pointee.next_in = source.baseAddress.map { unsafe $0 + used }
          unsafe stream.pointee.avail_in = count - UInt32(used)
          unsafe stream.pointee.next_out = target.baseAddress
          unsafe stream.pointee.avail_out = UInt32(target.count)
          let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
          return unsafe (result, target.count - Int(stream.pointee.avail_out))
        }
      }
      used = unsafe Int(count - stream.pointee.avail_in)
      if produced > 0 { try take(output[..<produced]) }
      switch result {
      case Z_STREAM_END: return true
      case Z_OK where used == Int(count) && produced < Self.pieceBytes, Z_BUF_ERROR: return false
      case Z_OK: continue
      default: throw ModuleZipError("a file in it cannot be inflated")
      }
    }
  }

  private static let pieceBytes = 64 * 1024
}

/// CRC-32 as zip archives use it.
enum ZipChecksum {
  static func updated(_ checksum: UInt32, with bytes: ArraySlice<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe UInt32(truncatingIfNeeded: crc32(UInt(checksum), bytes.baseAddress, UInt32(bytes.count)))
    }
  }
}
