import Exchange
import HTTPMessage

/// `Proxy-Status` (RFC 9209): what each intermediary on an answer's way has to say of it.
enum ProxyStatusField {
  /// Removes the members that bear the name of the intermediary that has received the answer, which only it may add. Where a
  /// request has come round to it, its own answer comes back, and says so.
  static func removeForged(inNameOf name: [UInt8], from fields: inout FieldSection) {
    let values = fields.all(.proxyStatus).map(Array.init)
    let kept = values.map { value in
      members(of: value).filter { !isNamed($0, name) || $0.dropFirst(name.count).starts(with: loopDetected) }
    }
    guard zip(values, kept).contains(where: { members(of: $0).count != $1.count }) else { return }
    fields.remove(.proxyStatus)
    for members in kept where !members.isEmpty {
      fields.append(.proxyStatus, Array(members.joined(separator: Array(", ".utf8))))
    }
  }

  /// The members of a List (RFC 8941 §3.1) without the blanks around them; commas inside strings part nothing.
  private static func members(of value: [UInt8]) -> [ArraySlice<UInt8>] {
    var members: [ArraySlice<UInt8>] = []
    var (start, isQuoted, isEscaped) = (0, false, false)
    for (index, byte) in value.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if isQuoted, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        members.append(trimmed(value[start..<index]))
        start = index + 1
      }
    }
    members.append(trimmed(value[start...]))
    return members
  }

  /// Whether a member begins with the name, as a token or as a string.
  private static func isNamed(_ member: ArraySlice<UInt8>, _ name: [UInt8]) -> Bool {
    let isString = member.first == UInt8(ascii: "\"")
    let rest = isString ? member.dropFirst() : member
    guard rest.starts(with: name) else { return false }
    let next = rest.dropFirst(name.count).first
    return isString ? next == UInt8(ascii: "\"") : next == nil || next == UInt8(ascii: ";") || next.map(isBlank) == true
  }

  /// As `GatewayError.proxyStatus(hop:)` writes it; it makes no core send a request to another edge.
  private static let loopDetected = Array("; error=\(GatewayError.Cause.loopDetected.rawValue);".utf8)

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = bytes.drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    return rest
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
