internal import CNghttp3
import HTTPMessage

/// A field section while it is decoded: the fields, their size against the limits, and what the head says about the message.
///
/// nghttp3 has checked order and presence of pseudo-header fields, characters, connection-specific fields and that there is
/// one Content-Length (RFC 9114 §4.2, §4.3). Here stands what it lets pass.
struct IncomingFields {
  private(set) var section = FieldSection(byteCapacity: 0, fieldCapacity: 0)
  private(set) var defect: MessageDefect?
  private(set) var contentLength: UInt64?
  private(set) var status = 0
  private(set) var isConnect = false
  private var sizeBytes = 0
  private var hasHost = false

  /// Makes room for a new section.
  mutating func begin() {
    self = IncomingFields()
    section = FieldSection()
  }

  /// Takes the section out.
  mutating func take() -> FieldSection {
    let taken = section
    section = FieldSection(byteCapacity: 0, fieldCapacity: 0)
    return taken
  }

  /// Records one field; after a defect nothing more is stored.
  /// - Parameter token: nghttp3's number for a well-known name, -1 for others.
  /// - Returns: the defect that this field brought.
  mutating func append(
    token: Int32, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, neverIndexed: Bool, limits: MessageLimits
  ) -> MessageDefect? {
    guard defect == nil else { return nil }
    sizeBytes += name.count + value.count + 32
    if sizeBytes > limits.sectionBytes || name.count > limits.nameBytes || value.count > limits.valueBytes {
      defect = .fieldsTooLarge
      return defect
    }
    // nghttp3 0.8.0 accepts any single byte as a value, CR and LF among them.
    if value.count == 1, unsafe value[0] < 0x20 || value[0] == 0x7f {
      defect = .malformed
      return defect
    }
    unsafe inspect(token: token, name: name, value: value)
    unsafe section.append(rawName: name, rawValue: value, neverIndexed: neverIndexed)
    return defect
  }

  /// The section is complete: rules about several fields together.
  mutating func finish() {
    guard defect == nil else { return }
    if hasHost, let authority = section.first(.authority), let host = section.first(.host), authority != host {
      // RFC 9114 §4.3.1: both present must be equal, else two readers see two authorities.
      defect = .malformed
    }
    if isConnect, contentLength != nil { defect = .ambiguousLength }
  }

  private mutating func inspect(token: Int32, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    switch UInt32(bitPattern: token) {
    case NGHTTP3_QPACK_TOKEN_CONTENT_LENGTH.rawValue:
      guard let length = unsafe FieldRules.contentLength(value) else {
        defect = .ambiguousLength
        return
      }
      contentLength = length
    case NGHTTP3_QPACK_TOKEN__STATUS.rawValue:
      status = unsafe value.reduce(0) { $0 * 10 + Int($1) - 48 }
    case NGHTTP3_QPACK_TOKEN__METHOD.rawValue:
      isConnect = unsafe value.elementsEqual("CONNECT".utf8)
    case NGHTTP3_QPACK_TOKEN__AUTHORITY.rawValue:
      // RFC 9114 §4.3.1: no userinfo.
      if unsafe value.contains(UInt8(ascii: "@")) { defect = .malformed }
    case NGHTTP3_QPACK_TOKEN_HOST.rawValue:
      hasHost = true
      if unsafe value.contains(UInt8(ascii: "@")) { defect = .malformed }
    case UInt32.max:
      if unsafe name.elementsEqual(FieldName.http2Settings.bytes) { defect = .forbiddenField }
    default:
      break
    }
  }
}
