/// Reads the members of a JSON object by name and refuses those that nobody asked for. A member that is null is not there.
struct ObjectReader {
  private let path: String
  private let members: [String: JSONValue]
  private var known: [String] = []

  init(_ value: JSONValue, at path: String) throws(ControlError) {
    guard case .object(let members) = value else {
      throw path.isEmpty ? .notACommand : ControlError(at: path, "must be an object")
    }
    self.path = path
    self.members = members
  }

  mutating func object(_ key: String) throws(ControlError) -> ObjectReader? {
    guard let value = member(key) else { return nil }
    return try ObjectReader(value, at: self.path(key))
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) throws(ControlError) -> Double? {
    guard let value = member(key) else { return nil }
    guard case .number(let number) = value, range.contains(number) else {
      throw ControlError(at: path(key), "must be a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))")
    }
    return number
  }

  /// A number that must be there.
  mutating func required(_ key: String, in range: ClosedRange<Double>) throws(ControlError) -> Double {
    guard let number = try number(key, in: range) else { throw ControlError(at: path(key), "is missing") }
    return number
  }

  mutating func whole(_ key: String, in range: ClosedRange<Int>) throws(ControlError) -> Int? {
    guard let value = member(key) else { return nil }
    return try Self.whole(value, in: range, at: path(key))
  }

  mutating func wholes(_ key: String, in range: ClosedRange<Int>) throws(ControlError) -> [Int] {
    guard let value = member(key) else { return [] }
    guard case .array(let values) = value else { throw ControlError(at: path(key), "must be an array") }
    var numbers: [Int] = []
    for (index, value) in values.enumerated() { numbers.append(try Self.whole(value, in: range, at: "\(path(key))[\(index)]")) }
    return numbers
  }

  mutating func bool(_ key: String) throws(ControlError) -> Bool? {
    guard let value = member(key) else { return nil }
    guard case .bool(let bool) = value else { throw ControlError(at: path(key), "must be true or false") }
    return bool
  }

  mutating func string(_ key: String) throws(ControlError) -> String? {
    guard let value = member(key) else { return nil }
    guard case .string(let string) = value else { throw ControlError(at: path(key), "must be a string") }
    return string
  }

  /// To be called when all that is known has been read.
  func end() throws(ControlError) {
    guard let stranger = members.keys.filter({ !known.contains($0) }).sorted().first else { return }
    throw ControlError(at: path(stranger), "is not known; known here: \(known.joined(separator: ", "))")
  }

  private mutating func member(_ key: String) -> JSONValue? {
    known.append(key)
    guard let value = members[key], value != .null else { return nil }
    return value
  }

  private func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private static func whole(_ value: JSONValue, in range: ClosedRange<Int>, at path: String) throws(ControlError) -> Int {
    guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
      throw ControlError(at: path, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return whole
  }

  private static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? String(number)
  }
}
