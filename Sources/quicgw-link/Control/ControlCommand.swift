/// What the link can be told.
enum ControlCommand {
  case set(forward: DirectionSettings, backward: DirectionSettings)
  case down
  case up
  /// Nanoseconds.
  case blackOut(UInt64)
  case counters

  /// Reads a line: `{"do": "down"}`.
  init(_ line: String) throws(ControlError) {
    var reader = try ObjectReader(JSONValue(text: line), at: "")
    switch try reader.string("do") {
    case "set":
      self = try .set(forward: Self.direction("forward", &reader), backward: Self.direction("backward", &reader))
    case "down": self = .down
    case "up": self = .up
    case "black_out": self = try .blackOut(UInt64(reader.required("seconds", in: 0...86_400) * 1_000_000_000))
    case "counters": self = .counters
    case let other:
      throw ControlError(at: "do", "must be set, down, up, black_out or counters\(other.map { ", not “\($0)”" } ?? "")")
    }
    try reader.end()
  }

  private static func direction(_ key: String, _ reader: inout ObjectReader) throws(ControlError) -> DirectionSettings {
    guard let direction = try reader.object(key) else { throw ControlError(at: key, "is missing; {} is a perfect link") }
    return try DirectionSettings(direction)
  }
}
