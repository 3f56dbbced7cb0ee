/// A stream's identifier (RFC 9000 §2.1): bit 0 tells who opened it, bit 1 whether it is unidirectional.
public struct StreamID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int64

  public init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  public var isClientInitiated: Bool { rawValue & 1 == 0 }
  public var isUnidirectional: Bool { rawValue & 2 != 0 }
}

extension StreamID: CustomStringConvertible {
  public var description: String { String(rawValue) }
}
