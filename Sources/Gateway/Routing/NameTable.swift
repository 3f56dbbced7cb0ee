/// Values by host name, found from bytes without regard to case (RFC 9110 §4.2.3) and without making a key.
struct NameTable<Value: Sendable>: Sendable {
  private var rows: [(name: [UInt8], value: Value)] = []

  var isEmpty: Bool { rows.isEmpty }

  /// The value of a name; setting it keeps the rows sorted.
  subscript(_ name: ArraySlice<UInt8>) -> Value? {
    get {
      guard case .found(let index) = search(name) else { return nil }
      return rows[index].value
    }
    set {
      switch (search(name), newValue) {
      case (.found(let index), let value?): rows[index].value = value
      case (.found(let index), nil): rows.remove(at: index)
      case (.gap(let index), let value?): rows.insert((name.map(Self.lowercased), value), at: index)
      case (.gap, nil): break
      }
    }
  }

  subscript(_ name: String) -> Value? {
    get { self[Array(name.utf8)[...]] }
    set { self[Array(name.utf8)[...]] = newValue }
  }

  private enum Place {
    case found(Int)
    case gap(Int)
  }

  private func search(_ name: ArraySlice<UInt8>) -> Place {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      switch Self.order(rows[middle].name, name) {
      case 0: return .found(middle)
      case ..<0: low = middle + 1
      default: high = middle
      }
    }
    return .gap(low)
  }

  /// Negative, zero or positive; shorter names come first, so most comparisons end at the length.
  private static func order(_ row: [UInt8], _ name: ArraySlice<UInt8>) -> Int {
    guard row.count == name.count else { return row.count - name.count }
    var position = name.startIndex
    for byte in row {
      let other = lowercased(name[position])
      if byte != other { return Int(byte) - Int(other) }
      position += 1
    }
    return 0
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte + 32 : byte
  }
}
