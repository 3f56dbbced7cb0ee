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
}
