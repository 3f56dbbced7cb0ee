import HTTPMessage

/// The field lines of one section (RFC 9112 §5), read into a `FieldSection` without those of one connection only, and what
/// those said.
struct FieldLines {
  /// The fields that are passed on.
  var fields: FieldSection
  /// The value of Host; `hostCount` says how often it came.
  private(set) var host: ArraySlice<UInt8>?
  private(set) var hostCount = 0
  private(set) var contentLength = ContentLength.none
  private(set) var transferCoding = TransferCoding.none
  private(set) var connection = ConnectionOptions()
  /// The value of the first Upgrade; it counts only where Connection names it, too.
  private(set) var upgrade: ArraySlice<UInt8>?

  enum ContentLength: Equatable {
    case none
    case bytes(UInt64)
  }

  enum TransferCoding: Equatable {
    case none, chunked, unsupported
  }

  private var sectionBytes: Int
  private var acceptsTrailers = false

  /// - Parameters:
  ///   - fields: what stands before the lines: pseudo-header fields, or nothing.
  init(into fields: FieldSection) {
    self.fields = fields
    sectionBytes = fields.fieldSectionSize
  }

  /// Reads the lines from `start` to the empty line at the end of `bytes`. Names become lower case in place.
  mutating func read(_ bytes: inout [UInt8], from start: Int, limits: MessageLimits) throws(HTTP1Error) {
    var lineStart = start
    let end = bytes.count - 2
    while lineStart < end {
      let feed = bytes[lineStart...].firstIndex(of: 0x0a) ?? bytes.count - 1
      try readLine(&bytes, lineStart..<feed - 1, limits: limits)
      lineStart = feed + 1
    }
    if let listed = connection.listedNames { try removeListed(listed) }
    if acceptsTrailers { fields.append(.te, "trailers".utf8) }
  }

  private mutating func readLine(_ bytes: inout [UInt8], _ line: Range<Int>, limits: MessageLimits) throws(HTTP1Error) {
    var colon = line.lowerBound
    while colon < line.upperBound, bytes[colon] != UInt8(ascii: ":") {
      guard OctetClass.of(bytes[colon]).contains(.token) else {
        throw HTTP1Error(.malformed, "a field name with a bad character, a folded line or white space before the colon")
      }
      bytes[colon] = OctetClass.lowercased[Int(bytes[colon])]
      colon += 1
    }
    guard colon < line.upperBound else { throw HTTP1Error(.malformed, "a field line without a colon") }
    guard colon > line.lowerBound else { throw HTTP1Error(.malformed, "an empty field name") }
    var first = colon + 1
    var last = line.upperBound
    while first < last, Self.isBlank(bytes[first]) { first += 1 }
    while last > first, Self.isBlank(bytes[last - 1]) { last -= 1 }
    let name = line.lowerBound..<colon
    let value = first..<last
    guard OctetClass.value.holds(bytes, value) else { throw HTTP1Error(.malformed, "a field value with a control character") }
    sectionBytes += name.count + value.count + 32
    guard name.count <= limits.nameBytes, value.count <= limits.valueBytes, sectionBytes <= limits.sectionBytes else {
      throw HTTP1Error(.fieldsTooLarge, "a field or all fields together are too long")
    }
    guard let special = SpecialField(bytes[name]) else {
      return fields.append(from: bytes, name: name, value: value)
    }
    try readSpecial(special, bytes, name: name, value: value)
  }

  private mutating func readSpecial(
    _ special: SpecialField, _ bytes: [UInt8], name: Range<Int>, value: Range<Int>
  ) throws(HTTP1Error) {
    switch special {
    case .host:
      hostCount += 1
      host = bytes[value]
    case .contentLength: try readContentLength(bytes, name: name, value: value)
    case .transferEncoding:
      // One coding in one field, and that chunked: all else is either unsupported or how requests are smuggled.
      let isChunked = transferCoding == .none && ConnectionOptions.equalsIgnoringCase(bytes[value], "chunked")
      transferCoding = isChunked ? .chunked : .unsupported
    case .connection: connection.add(bytes[value])
    case .te:
      ConnectionOptions.forEachElement(of: bytes[value]) { element in
        if ConnectionOptions.equalsIgnoringCase(element, "trailers") { acceptsTrailers = true }
      }
    case .upgrade: if upgrade == nil { upgrade = bytes[value] }
    case .connectionSpecific: break
    }
  }

  private mutating func readContentLength(_ bytes: [UInt8], name: Range<Int>, value: Range<Int>) throws(HTTP1Error) {
    if contentLength == .none, let length = FieldRules.contentLength(bytes[value]) {
      contentLength = .bytes(length)
      return fields.append(from: bytes, name: name, value: value)
    }
    // A list of equal numbers is one number (RFC 9112 §6.3); anything else is not a length.
    for element in bytes[value].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let digits = ConnectionOptions.trimmed(element)
      guard let length = FieldRules.contentLength(digits) else {
        throw HTTP1Error(.ambiguousLength, "a Content-Length that is not a number")
      }
      if contentLength == .none {
        contentLength = .bytes(length)
        fields.append(name: bytes[name], value: digits)
      } else if contentLength != .bytes(length) {
        throw HTTP1Error(.ambiguousLength, "two different Content-Lengths")
      }
    }
  }

  /// Removes the fields that Connection names (RFC 9110 §7.6.1).
  private mutating func removeListed(_ listed: [ArraySlice<UInt8>]) throws(HTTP1Error) {
    for name in listed where name.elementsEqual("content-length".utf8) || name.elementsEqual("host".utf8) {
      throw HTTP1Error(.forbiddenField, "Connection names a field that frames or routes the message")
    }
    fields.removeAll { name, _ in name.first != UInt8(ascii: ":") && listed.contains { $0.elementsEqual(name) } }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// The fields that say something about the connection or the framing, told apart by length first.
private enum SpecialField {
  case host, contentLength, transferEncoding, connection, te, upgrade, connectionSpecific

  init?(_ name: ArraySlice<UInt8>) {
    switch name.count {
    case 2 where name.elementsEqual("te".utf8): self = .te
    case 4 where name.elementsEqual("host".utf8): self = .host
    case 7 where name.elementsEqual("upgrade".utf8): self = .upgrade
    case 10 where name.elementsEqual("connection".utf8): self = .connection
    case 10 where name.elementsEqual("keep-alive".utf8): self = .connectionSpecific
    case 14 where name.elementsEqual("content-length".utf8): self = .contentLength
    case 14 where name.elementsEqual("http2-settings".utf8): self = .connectionSpecific
    case 16 where name.elementsEqual("proxy-connection".utf8): self = .connectionSpecific
    case 17 where name.elementsEqual("transfer-encoding".utf8): self = .transferEncoding
    default: return nil
    }
  }
}
