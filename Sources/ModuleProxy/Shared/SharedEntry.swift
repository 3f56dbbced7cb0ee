import HTTPMessage
import NIOCore

/// A small answer as it stands in a shared store: lines of text that say whose content it is, then the content, all under one hash.
///
/// The hash finds what was cut, damaged or put there by something else. It proves nothing about who has written it.
enum SharedEntry {
  /// - Returns: nil for what is not to be shared: too long, or with fields that no message may have.
  static func encoded(_ answer: SmallAnswer, key: String) -> ByteBuffer? {
    let lines = [key, String(answer.fetchedAt), answer.contentType, answer.entityTag ?? ""]
    guard lines.allSatisfy(isLine) else { return nil }
    var content = ByteBuffer(string: lines.map { "\($0)\n" }.joined())
    content.writeImmutableBuffer(answer.body)
    var entry = ByteBuffer(string: "\(mark)\n\(Hexadecimal.text(ContentDigest.of(content)))\n")
    entry.writeBuffer(&content)
    return entry.readableBytes <= byteLimit ? entry : nil
  }

  /// - Returns: nil for anything but a whole entry of this key.
  static func decoded(_ value: ByteBuffer, key: String) -> SmallAnswer? {
    var rest = value
    guard rest.readableBytes <= byteLimit, line(of: &rest) == mark, let digest = line(of: &rest).flatMap({ Hexadecimal.bytes($0) }),
      ContentDigest.of(rest) == digest, line(of: &rest) == key,
      let fetchedAt = line(of: &rest).flatMap({ Int64($0) }), let contentType = line(of: &rest), let entityTag = line(of: &rest)
    else { return nil }
    return SmallAnswer(contentType: contentType, entityTag: entityTag.isEmpty ? nil : entityTag, fetchedAt: fetchedAt, body: rest)
  }

  /// What a value is good for.
  enum Reading: Sendable {
    /// It may be what was asked for. Of a go.mod with what a checksum database would have recorded.
    case answer(SmallAnswer, goModHash: String?)
    case fault(String)
  }

  /// - Parameter unixTime: now, in seconds.
  static func read(_ value: ByteBuffer, key: String, of resource: ModuleResource, unixTime: Int64) -> Reading {
    guard var answer = decoded(value, key: key) else { return .fault("it is no entry of this cache, or not a whole one") }
    guard answer.fetchedAt <= unixTime + clockDifference else { return .fault("it was fetched in the future") }
    answer.fetchedAt = min(answer.fetchedAt, unixTime)
    guard answer.body.readableBytes <= resource.byteLimit else { return .fault("it is too long") }
    let check = AnswerCheck(answer.body, of: resource)
    if let fault = check.fault { return .fault(fault) }
    answer.isLasting = AnswerCheck.isLasting(answer.body, of: resource)
    return .answer(answer, goModHash: check.goModHash)
  }

  private static func line(of rest: inout ByteBuffer) -> String? {
    guard let end = rest.readableBytesView.prefix(longestLine + 1).firstIndex(of: UInt8(ascii: "\n")),
      let bytes = rest.readBytes(length: end - rest.readerIndex), rest.readInteger(as: UInt8.self) != nil,
      let text = String(validating: bytes, as: UTF8.self), isLine(text)
    else { return nil }
    return text
  }

  private static func isLine(_ text: String) -> Bool { text.utf8.count <= longestLine && FieldRules.isValue(Array(text.utf8)) }

  /// Longer answers are rare, and each replica asks for its own.
  static let byteLimit = 1 << 20
  private static let longestLine = 1024
  /// Between replicas, in seconds.
  private static let clockDifference: Int64 = 5
  private static let mark = "quicgw module 1"
}
