internal import CNghttp3
import HTTPMessage

/// Lends a section to nghttp3 as its array of names and values; one array, used again for every head of a connection.
@safe
final class FieldVector {
  private var entries: [nghttp3_nv] = unsafe []

  /// nghttp3 copies names and values before the submitting call returns, so the addresses need to hold only as long as `body`.
  func withVector(of section: FieldSection, _ body: (UnsafeBufferPointer<nghttp3_nv>) -> Int32) -> Int32 {
    unsafe section.withRawFields { fields in
      unsafe entries.removeAll(keepingCapacity: true)
      for index in unsafe 0..<fields.count {
        let name = unsafe fields.name(at: index)
        let value = unsafe fields.value(at: index)
        unsafe entries.append(
          nghttp3_nv(
            name: UnsafeMutablePointer(mutating: name.baseAddress?.assumingMemoryBound(to: UInt8.self)),
            value: UnsafeMutablePointer(mutating: value.baseAddress?.assumingMemoryBound(to: UInt8.self)),
            namelen: name.count, valuelen: value.count,
            flags: UInt8(fields.neverIndexed(at: index) ? NGHTTP3_NV_FLAG_NEVER_INDEX : NGHTTP3_NV_FLAG_NONE)))
      }
      return unsafe entries.withUnsafeBufferPointer(body)
    }
  }
}
