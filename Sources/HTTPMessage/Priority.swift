/// What a Priority field says of a message (RFC 9218 §4): which goes first, and whether parts of it are of use by themselves.
///
/// Nil is what was not said; the default for that is not the same everywhere.
public struct Priority: Sendable, Hashable {
  /// 0 is first, 7 last.
  public private(set) var urgency: Int?
  /// Whether the reader can use the first half while it waits for the second.
  public private(set) var isIncremental: Bool?

  /// Nothing is said.
  public init() {}

  public init(urgency: Int?, isIncremental: Bool?) {
    precondition(urgency.map(Priority.urgencies.contains) ?? true, "an urgency is 0 to 7")
    self.urgency = urgency
    self.isIncremental = isIncremental
  }

  /// Reads the Priority fields of a head. A member of a wrong type or out of range says nothing (RFC 9218 §4), and neither does a
  /// field that is no dictionary (RFC 9651 §4.2).
  public init(_ fields: FieldSection) {
    // Nearly all heads have none.
    guard fields.contains(.priority) else { return }
    for value in fields.all(.priority) {
      var reader = DictionaryReader(rest: value)
      guard let members = reader.members() else {
        self = Priority()
        return
      }
      for (name, member) in members {
        switch (name, member) {
        case ("u", .integer(let number)): urgency = Priority.urgencies.contains(number) ? number : nil
        case ("i", .boolean(let flag)): isIncremental = flag
        case ("u", _): urgency = nil
        case ("i", _): isIncremental = nil
        default: break
        }
      }
    }
  }

  /// What the server says wins over what the client said, parameter by parameter (RFC 9218 §8).
  public func merged(with response: Priority) -> Priority {
    Priority(urgency: response.urgency ?? urgency, isIncremental: response.isIncremental ?? isIncremental)
  }

  public static let urgencies = 0...7
  /// Of a message of which nothing is said (RFC 9218 §4.1).
  public static let defaultUrgency = 3
}

/// A dictionary of structured fields (RFC 9651 §4.2.2), as far as Priority needs one: members of other types are passed over.
private struct DictionaryReader {
  var rest: ArraySlice<UInt8>

  enum Member {
    case boolean(Bool)
    case integer(Int)
    case other
  }

  /// Nil for what is no dictionary.
  mutating func members() -> [(name: String, member: Member)]? {
    var members: [(String, Member)] = []
    skipBlanks()
    while !rest.isEmpty {
      let name = rest.prefix { (97...122).contains($0) || (48...57).contains($0) || [42, 45, 46, 95].contains($0) }
      guard let first = name.first, (97...122).contains(first) || first == UInt8(ascii: "*") else { return nil }
      rest = rest.dropFirst(name.count)
      guard let member = member() else { return nil }
      members.append((String(decoding: name, as: UTF8.self), member))
      skipBlanks()
      guard !rest.isEmpty else { break }
      guard rest.removeFirst() == UInt8(ascii: ",") else { return nil }
      skipBlanks()
      if rest.isEmpty { return nil }
    }
    return members
  }

  /// What stands behind a name: `=` and a value or nothing, then parameters, which say nothing here.
  private mutating func member() -> Member? {
    guard rest.first == UInt8(ascii: "=") else { return skipParameters() ? .boolean(true) : nil }
    rest.removeFirst()
    if let byte = rest.first, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "(") { return skipToComma() ? .other : nil }
    let value = rest.prefix { !Self.endsBareItem.contains($0) }
    var member = Member.other
    if value.elementsEqual("?1".utf8) {
      member = .boolean(true)
    } else if value.elementsEqual("?0".utf8) {
      member = .boolean(false)
    } else if (1...15).contains(value.count), value.first != UInt8(ascii: "+"),
      let number = Int(String(decoding: value, as: UTF8.self)) {
      member = .integer(number)
    } else if value.isEmpty {
      return nil
    }
    rest = rest.dropFirst(value.count)
    return skipParameters() ? member : nil
  }

  /// - Returns: false when something else than parameters stands before the next comma.
  private mutating func skipParameters() -> Bool {
    if rest.first == UInt8(ascii: ";") { return skipToComma() }
    skipBlanks()
    return rest.isEmpty || rest.first == UInt8(ascii: ",")
  }

  /// - Returns: false when a string or an inner list has no end.
  private mutating func skipToComma() -> Bool {
    var isInString = false
    var isEscaped = false
    var depth = 0
    while let byte = rest.first {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isInString: isEscaped = true
      case UInt8(ascii: "\""): isInString.toggle()
      case _ where isInString: break
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: ",") where depth == 0: return true
      default: break
      }
      rest.removeFirst()
    }
    return !isInString && depth == 0
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
  }

  private static let endsBareItem = Set(",; \t(\"".utf8)
}
