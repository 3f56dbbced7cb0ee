/// A field section (RFC 9110 §5): header or trailer fields in wire order, all names and values in one run of bytes.
///
/// A head costs two allocations whatever the number of its fields. A replaced or removed field leaves its old bytes unused in
/// the storage until the section goes; heads live for one exchange, so nothing accumulates.
public struct FieldSection: Sendable {
  private(set) var storage: [UInt8]
  private(set) var entries: [Entry]

  /// An empty section with room for a usual head.
  public init() {
    self.init(byteCapacity: 512, fieldCapacity: 16)
  }

  /// An empty section.
  /// - Parameters:
  ///   - byteCapacity: bytes of names and values to make room for.
  ///   - fieldCapacity: number of fields to make room for.
  public init(byteCapacity: Int, fieldCapacity: Int) {
    storage = []
    entries = []
    storage.reserveCapacity(byteCapacity)
    entries.reserveCapacity(fieldCapacity)
  }

  /// Makes room for more, so that adding fields to a section that others hold too costs one copy of it.
  public mutating func reserve(moreBytes: Int, moreFields: Int) {
    storage.reserveCapacity(storage.count + moreBytes)
    entries.reserveCapacity(entries.count + moreFields)
  }

  /// The number of fields.
  public var count: Int { entries.count }

  public var isEmpty: Bool { entries.isEmpty }

  /// The size that limits are held against: names, values and 32 bytes a field (RFC 9114 §4.2.2).
  public var fieldSectionSize: Int {
    entries.reduce(0) { $0 + Int($1.nameLength) + Int($1.valueLength) + 32 }
  }

  /// Adds a field behind all others.
  /// - Parameters:
  ///   - name: lower-case name; not checked here, the wires check what comes from outside (`FieldRules`).
  ///   - neverIndexed: the value must not enter a compression table (RFC 9204 §7.1.3).
  public mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, neverIndexed: Bool = false
  ) {
    entries.append(store(name: name, value: value, neverIndexed: neverIndexed))
  }

  @specialized(where Value == [UInt8])
  public mutating func append<Value: Collection<UInt8>>(_ name: FieldName, _ value: Value) {
    append(name: name.bytes, value: value)
  }

  public mutating func append(_ name: FieldName, _ value: String) {
    append(name: name.bytes, value: value.utf8)
  }

  /// Adds a field before all others; pseudo-header fields must precede regular ones (RFC 9114 §4.3).
  public mutating func prepend(_ name: FieldName, _ value: some Collection<UInt8>) {
    entries.insert(store(name: name.bytes, value: value, neverIndexed: false), at: 0)
  }

  /// Gives the first field of that name a new value, keeping its place, and removes further ones; false if there is none.
  @discardableResult
  @specialized(where Value == [UInt8])
  @specialized(where Value == ArraySlice<UInt8>)
  public mutating func replace<Value: Collection<UInt8>>(_ name: FieldName, with value: Value) -> Bool {
    guard let index = entries.firstIndex(where: { isNamed($0, name) }) else { return false }
    let replaced = store(name: name.bytes, value: value, neverIndexed: entries[index].neverIndexed)
    while let later = entries.lastIndex(where: { isNamed($0, name) }), later > index { entries.remove(at: later) }
    entries[index] = replaced
    return true
  }

  /// Removes all fields of that name; true if there was one.
  @discardableResult
  public mutating func remove(_ name: FieldName) -> Bool {
    guard contains(name) else { return false }
    entries = entries.filter { !isNamed($0, name) }
    return true
  }

  /// Removes the fields for which `predicate(name, value)` holds.
  public mutating func removeAll(where predicate: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Bool) {
    entries = entries.filter { !predicate(storage[$0.nameRange], storage[$0.valueRange]) }
  }

  /// The value of the first field of that name.
  public func first(_ name: FieldName) -> ArraySlice<UInt8>? {
    for entry in entries where isNamed(entry, name) { return storage[entry.valueRange] }
    return nil
  }

  /// The value of the last field of that name.
  public func last(_ name: FieldName) -> ArraySlice<UInt8>? {
    entries.last { isNamed($0, name) }.map { storage[$0.valueRange] }
  }

  /// The values of all fields of that name in order.
  public func all(_ name: FieldName) -> [ArraySlice<UInt8>] {
    entries.compactMap { isNamed($0, name) ? storage[$0.valueRange] : nil }
  }

  public func contains(_ name: FieldName) -> Bool {
    entries.contains { isNamed($0, name) }
  }

  /// The first value of that name as text, for logs, tests and configuration decisions; not for the data path.
  public func text(_ name: FieldName) -> String? {
    first(name).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension FieldSection: RandomAccessCollection {
  /// One field: its bytes are slices of the section's storage.
  public struct Field: Sendable {
    public let name: ArraySlice<UInt8>
    public let value: ArraySlice<UInt8>
    public let neverIndexed: Bool
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }

  public subscript(position: Int) -> Field {
    let entry = entries[position]
    return Field(name: storage[entry.nameRange], value: storage[entry.valueRange], neverIndexed: entry.neverIndexed)
  }
}

extension FieldSection: Equatable {
  /// Sections are equal when they hold the same fields in the same order.
  public static func == (left: FieldSection, right: FieldSection) -> Bool {
    left.count == right.count
      && zip(left, right).allSatisfy { $0.name == $1.name && $0.value == $1.value && $0.neverIndexed == $1.neverIndexed }
  }
}

extension FieldSection: ExpressibleByDictionaryLiteral, CustomStringConvertible {
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init()
    for (name, value) in elements { append(name: name.utf8, value: value.utf8) }
  }

  public var description: String {
    map { "\(String(decoding: $0.name, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))" }.joined(separator: "\n")
  }
}

extension FieldSection {
  /// Where a field's bytes lie in the storage, its value directly behind its name; 16 bytes, so that a head of 16 fields has an
  /// index of 256.
  struct Entry: Sendable {
    var start: UInt32
    var nameLength: UInt32
    var valueLength: UInt32
    var neverIndexed: Bool

    var nameRange: Range<Int> { Int(start)..<Int(start) + Int(nameLength) }
    var valueRange: Range<Int> { nameRange.upperBound..<nameRange.upperBound + Int(valueLength) }
  }

  private mutating func store(
    name: some Collection<UInt8>, value: some Collection<UInt8>, neverIndexed: Bool
  ) -> Entry {
    let start = storage.count
    storage.append(contentsOf: name)
    let valueStart = storage.count
    storage.append(contentsOf: value)
    return Entry(
      start: UInt32(start), nameLength: UInt32(valueStart - start), valueLength: UInt32(storage.count - valueStart),
      neverIndexed: neverIndexed)
  }

  private func isNamed(_ entry: Entry, _ name: FieldName) -> Bool {
    Int(entry.nameLength) == name.bytes.count && storage[entry.nameRange].elementsEqual(name.bytes)
  }
}
