/// Which hosts and ports a rule means: `db.internal:5432`, every name below one (`*.internal:443`), every port of them
/// (`*.internal:*`), or everything (`*:*`).
public struct TargetPattern: Sendable, Hashable {
  private enum Host: Hashable {
    case any
    case exactly(String)
    /// Begins with the dot.
    case suffix(String)
  }

  private let host: Host
  /// Nil for every port.
  private let port: UInt16?

  /// Nil for a text that is no such pattern, or has a star in another place.
  public init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = String(text[..<colon])
    let number = text[text.utf8.index(after: colon)...]
    if number == "*" {
      port = nil
    } else {
      // UInt16 would take a sign and leading zeros, too.
      guard number.utf8.allSatisfy({ (48...57).contains($0) }), number.utf8.first != UInt8(ascii: "0"),
        let value = UInt16(number)
      else { return nil }
      port = value
    }
    if name == "*" {
      host = .any
    } else if name.hasPrefix("*.") {
      guard let target = TunnelTarget(Array("\(name.dropFirst(2)):1".utf8)[...]), target.host.contains(where: \.isLetter) else {
        return nil
      }
      host = .suffix("." + target.host)
    } else {
      guard let target = TunnelTarget(Array("\(name):1".utf8)[...]) else { return nil }
      host = .exactly(target.host)
    }
  }

  public func matches(_ target: TunnelTarget) -> Bool {
    guard port == nil || port == target.port else { return false }
    return switch host {
    case .any: true
    case .exactly(let name): target.host == name
    case .suffix(let suffix): target.host.utf8.count > suffix.utf8.count && target.host.hasSuffix(suffix)
    }
  }
}
