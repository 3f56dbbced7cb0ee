import HTTPTypes

extension FieldSection {
  /// Adds fields of swift-http-types, values byte for byte: they need not be UTF-8.
  mutating func append(contentsOf fields: HTTPFields) {
    for field in fields {
      unsafe field.withUnsafeBytesOfValue { value in
        unsafe append(
          name: field.name.canonicalName.utf8, value: value, neverIndexed: field.indexingStrategy == .disallow)
      }
    }
  }
}
