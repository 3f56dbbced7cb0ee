/// The two ECN bits of an IP header (RFC 3168 §5).
public enum ECNCodepoint: UInt8, Sendable {
  case notCapable = 0b00
  case capable1 = 0b01
  case capable0 = 0b10
  case congestionExperienced = 0b11
}
