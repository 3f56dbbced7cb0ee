/// Where finished lines go.
public protocol LineOutput: Sendable {
  /// Takes whole lines, each with its line feed; lines of two calls are never mixed.
  func write(_ lines: [UInt8])
}
