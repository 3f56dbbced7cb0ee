import HTTPMessage

extension FieldSection {
  /// Adds a field whose name and value lie in `bytes`.
  mutating func append(from bytes: [UInt8], name: Range<Int>, value: Range<Int>) {
    unsafe bytes.withUnsafeBytes { base in
      unsafe append(
        rawName: UnsafeRawBufferPointer(rebasing: base[name]), rawValue: UnsafeRawBufferPointer(rebasing: base[value]),
        neverIndexed: false)
    }
  }

  /// Adds a field whose value lies in `bytes`.
  mutating func append(_ name: FieldName, from bytes: [UInt8], _ value: Range<Int>) {
    unsafe name.bytes.withUnsafeBytes { name in
      unsafe bytes.withUnsafeBytes { base in
        unsafe append(rawName: name, rawValue: UnsafeRawBufferPointer(rebasing: base[value]), neverIndexed: false)
      }
    }
  }
}
