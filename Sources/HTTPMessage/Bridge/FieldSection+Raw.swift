extension FieldSection {
  /// Adds a field from borrowed memory, as the C libraries' callbacks hand it out.
  ///
  /// The bytes are copied before the call returns.
  public mutating func append(
    rawName: UnsafeRawBufferPointer, rawValue: UnsafeRawBufferPointer, neverIndexed: Bool
  ) {
    unsafe append(name: rawName, value: rawValue, neverIndexed: neverIndexed)
  }

  /// Lends the storage and the places of all fields, in order, for as long as `body` runs.
  ///
  /// The pointers must not leave `body`. `visit` gets name, value and whether the value must never be indexed.
  public func withRawFields<Value, Failure: Error>(
    _ body: (RawFields) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let entries = entries
    let result = unsafe storage.withUnsafeBytes { bytes in
      Result { () throws(Failure) in try unsafe body(RawFields(base: bytes, entries: entries)) }
    }
    return try result.get()
  }

  /// Fields as pointers into a section's storage; valid only inside `withRawFields`.
  @unsafe
  public struct RawFields {
    let base: UnsafeRawBufferPointer
    let entries: [Entry]

    public var count: Int { unsafe entries.count }

    public func name(at index: Int) -> UnsafeRawBufferPointer {
      unsafe UnsafeRawBufferPointer(rebasing: base[entries[index].nameRange])
    }

    public func value(at index: Int) -> UnsafeRawBufferPointer {
      unsafe UnsafeRawBufferPointer(rebasing: base[entries[index].valueRange])
    }

    public func neverIndexed(at index: Int) -> Bool { unsafe entries[index].neverIndexed }
  }
}
