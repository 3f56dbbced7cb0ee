/// The path of a Go module, as go.mod writes it: `github.com/Azure/go-autorest`.
///
/// Only paths that pass the rules of `golang.org/x/mod/module.CheckPath` are values of this type, so one can be part of a file's
/// name: no empty, hidden or parent elements, and nothing but letters, digits, `-`, `.`, `_` and `~` between the slashes.
public struct ModulePath: Sendable, Hashable {
  public let text: String

  public init?(_ text: String) {
    let elements = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let first = elements.first, first.contains(UInt8(ascii: ".")), first.allSatisfy(Self.mayStandInFirst),
      first.first != UInt8(ascii: "-"), elements.allSatisfy(Self.isElement)
    else { return nil }
    self.text = text
  }

  /// Reads the form of the module proxy protocol.
  init?(escaped: some Collection<UInt8>) {
    guard let text = BangEscape.unescaped(escaped) else { return nil }
    self.init(text)
  }

  /// The form in URLs and file names, where `!` and a small letter stand for a capital.
  public var escaped: String { BangEscape.escaped(text) }

  private static func isElement(_ element: Substring.UTF8View.SubSequence) -> Bool {
    guard let first = element.first, let last = element.last else { return false }
    return first != UInt8(ascii: ".") && last != UInt8(ascii: ".") && element.allSatisfy(mayStand)
  }

  private static func mayStand(_ byte: UInt8) -> Bool {
    BangEscape.isLetterOrDigit(byte) || "-._~".utf8.contains(byte)
  }

  /// The first element is a host's name.
  private static func mayStandInFirst(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || "-.".utf8.contains(byte)
  }
}

/// Capitals in the names of the module proxy protocol (https://go.dev/ref/mod#goproxy-protocol): `!a` for `A`, because some file
/// systems know no difference between the two.
enum BangEscape {
  static func escaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 4)
    for byte in text.utf8 {
      if (0x41...0x5a).contains(byte) {
        bytes += [UInt8(ascii: "!"), byte | 0x20]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// - Returns: nil for what no escaping could have made: capitals, and a `!` before anything but a small letter.
  static func unescaped(_ escaped: some Collection<UInt8>) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(escaped.count)
    var follows = false
    for byte in escaped {
      if follows {
        guard (0x61...0x7a).contains(byte) else { return nil }
        bytes.append(byte & ~0x20)
        follows = false
      } else if byte == UInt8(ascii: "!") {
        follows = true
      } else {
        guard byte < 0x80, !(0x41...0x5a).contains(byte) else { return nil }
        bytes.append(byte)
      }
    }
    return follows ? nil : String(decoding: bytes, as: UTF8.self)
  }

  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
  }
}
