/// The options of the Connection field (RFC 9110 §7.6.1).
struct ConnectionOptions {
  private(set) var hasClose = false
  private(set) var hasKeepAlive = false
  private(set) var hasUpgrade = false
  /// Lower-case names of fields that belong to this connection only; nil if there are none.
  private(set) var listedNames: [ArraySlice<UInt8>]?

  mutating func add(_ value: ArraySlice<UInt8>) {
    Self.forEachElement(of: value) { element in
      if Self.equalsIgnoringCase(element, "close") {
        hasClose = true
      } else if Self.equalsIgnoringCase(element, "keep-alive") {
        hasKeepAlive = true
      } else if Self.equalsIgnoringCase(element, "upgrade") {
        hasUpgrade = true
      } else if !Self.equalsIgnoringCase(element, "te") {
        listedNames = (listedNames ?? []) + [ArraySlice(element.map { OctetClass.lowercased[Int($0)] })]
      }
    }
  }

  /// Calls `body` with each non-empty element of a list (RFC 9110 §5.6.1), without white space around it.
  static func forEachElement(of value: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
    var rest = value
    while !rest.isEmpty {
      let comma = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
      let element = trimmed(rest[rest.startIndex..<comma])
      if !element.isEmpty { body(element) }
      rest = comma < rest.endIndex ? rest[(comma + 1)...] : []
    }
  }

  static func trimmed(_ element: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var element = element
    while let first = element.first, first == 0x20 || first == 0x09 { element.removeFirst() }
    while let last = element.last, last == 0x20 || last == 0x09 { element.removeLast() }
    return element
  }

  static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ lowercase: StaticString) -> Bool {
    bytes.count == lowercase.utf8CodeUnitCount
      && bytes.lazy.map { OctetClass.lowercased[Int($0)] }.elementsEqual(lowercase.description.utf8)
  }
}
