import Crypto
import HTTPMessage

/// What stands before the content in a file of the cache: whose content it is, how to know that it is whole, and what to say with
/// it.
///
/// Text of a fixed length with a hash of its own, so that one file is one entry and appears by one rename.
struct EntryHeader: Sendable, Equatable {
  /// The path of the protocol, without the slash at its beginning.
  var key: String
  var byteCount: Int
  /// SHA-256 of the content.
  var digest: [UInt8]
  /// When the origin has answered, in seconds of Unix time.
  var fetchedAt: Int64
  var contentType: String
  var entityTag: String?
  /// What a checksum database has recorded, and the content has been found to be.
  var recordedHash: String?
  /// Of a checksum database's own files: whether its signature leads to it.
  var isProved = false

  /// - Returns: nil if it does not fit.
  func encoded() -> [UInt8]? {
    var text = Self.firstLine + "key \(key)\nbytes \(byteCount)\nsha256 \(Hexadecimal.text(digest))\nfetched \(fetchedAt)\n"
    text += "type \(contentType)\n"
    if let entityTag { text += "etag \(entityTag)\n" }
    if let recordedHash { text += "recorded \(recordedHash)\n" }
    if isProved { text += "proved yes\n" }
    var bytes = Array(text.utf8)
    guard bytes.count <= Self.textBytes, !contentType.contains("\n"), entityTag?.contains("\n") != true else { return nil }
    bytes += [UInt8](repeating: UInt8(ascii: "\n"), count: Self.textBytes - bytes.count)
    return bytes + Array(SHA256.hash(data: bytes))
  }

  /// - Returns: nil for anything but a header that is whole.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount, SHA256.hash(data: bytes[..<Self.textBytes]).elementsEqual(bytes[Self.textBytes...]),
      let text = String(validating: bytes[..<Self.textBytes], as: UTF8.self), text.hasPrefix(Self.firstLine)
    else { return nil }
    var values: [Substring: Substring] = [:]
    for line in text.dropFirst(Self.firstLine.count).split(separator: "\n") {
      guard let blank = line.firstIndex(of: " ") else { return nil }
      values[line[..<blank]] = line[line.index(after: blank)...]
    }
    guard let key = values["key"], let count = values["bytes"].flatMap({ Int($0) }), count >= 0,
      let digest = values["sha256"].flatMap({ Hexadecimal.bytes($0) }), digest.count == 32,
      let fetchedAt = values["fetched"].flatMap({ Int64($0) })
    else { return nil }
    self.init(
      key: String(key), byteCount: count, digest: digest, fetchedAt: fetchedAt, contentType: String(values["type"] ?? ""),
      entityTag: values["etag"].map(String.init), recordedHash: values["recorded"].map(String.init),
      isProved: values["proved"] == "yes")
  }

  init(
    key: String, byteCount: Int, digest: [UInt8], fetchedAt: Int64, contentType: String, entityTag: String? = nil,
    recordedHash: String? = nil, isProved: Bool = false
  ) {
    self.key = key
    self.byteCount = byteCount
    self.digest = digest
    self.fetchedAt = fetchedAt
    self.contentType = contentType
    self.entityTag = entityTag
    self.recordedHash = recordedHash
    self.isProved = isProved
  }

  /// Of the whole header; content begins here, where a page of most file systems does.
  static let byteCount = 4096
  private static let textBytes = byteCount - 32
  private static let firstLine = "quicgw module cache 1\n"
}
