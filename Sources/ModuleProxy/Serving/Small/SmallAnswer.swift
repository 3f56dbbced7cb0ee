import HTTPMessage
import NIOCore

/// An answer that is kept as a whole: everything but zips.
struct SmallAnswer: Sendable {
  var status = 200
  var contentType: String
  var entityTag: String?
  /// When the origin has answered, in seconds of Unix time.
  var fetchedAt: Int64
  var body: ByteBuffer
  /// Of an answer that is no success: what it says beside its content, such as where else to ask, or when again.
  var otherFields = FieldSection()
  /// Whether it is known to be what it will always be; else it is asked for again like a list.
  var isLasting = true
  /// Whether it is what a checksum database has signed.
  var isProved = false
  /// Its content ended with the connection, so nobody knows whether it is whole.
  var mayBeCut = false
  /// What caches before this one have said of it (`Cache-Status`), while it is the answer to who has asked for it.
  var upstreamStatus: String?

  init(status: Int = 200, contentType: String, entityTag: String? = nil, fetchedAt: Int64, body: ByteBuffer) {
    self.status = status
    self.contentType = contentType
    self.entityTag = entityTag
    self.fetchedAt = fetchedAt
    self.body = body
  }

  /// An origin's answer with its content.
  init(_ head: ResponseHead, body: ByteBuffer, unixTime: Int64) {
    let age = head.fields.text("age").flatMap { Int64($0) } ?? 0
    self.init(
      status: head.status, contentType: head.fields.text(.contentType) ?? "application/octet-stream",
      entityTag: head.fields.text("etag"), fetchedAt: unixTime - max(0, min(age, 1 << 32)), body: body)
    mayBeCut = head.endsWithConnection || head.fields.contains(.quicgwLength)
    upstreamStatus = AnswerSource.status(in: head)
    guard status != 200 else { return }
    otherFields = head.fields
    for name in Self.ownFields { otherFields.remove(name) }
  }

  /// What it takes in memory, about.
  var byteCount: Int { otherFields.reduce(body.readableBytes + 256) { $0 + $1.name.count + $1.value.count + 64 } }

  /// Said by this cache itself, or meant for one client.
  private static let ownFields: [FieldName] = [
    .status, .contentType, .contentLength, "etag", "age", "cache-status", "content-encoding", "set-cookie", .quicgwLength,
  ]

  init(_ head: EntryHeader, body: ByteBuffer) {
    self.init(contentType: head.contentType, entityTag: head.entityTag, fetchedAt: head.fetchedAt, body: body)
    isProved = head.isProved
  }
}

/// An answer and how it came about.
struct ServedAnswer: Sendable {
  var answer: SmallAnswer
  var source: AnswerSource
}

/// How an answer came about, as `Cache-Status` says it (RFC 9211 §2).
enum AnswerSource: Sendable, Equatable {
  case hit
  case fetched
  case collapsed
  /// Another replica has fetched it.
  case shared
  case stale

  /// - Parameter upstream: what caches nearer to the origin have said of the answer; it stands first where it was fetched for it.
  func field(hop: String, after upstream: String?) -> String {
    switch self {
    case .hit: "\(hop); hit"
    case .fetched: Self.list(upstream, "\(hop); fwd=uri-miss")
    case .collapsed: Self.list(upstream, "\(hop); fwd=uri-miss; collapsed")
    case .shared: "\(hop); hit; detail=shared"
    case .stale: "\(hop); hit; detail=stale"
    }
  }

  /// The `Cache-Status` of a head that came; nil for none, and for more than anybody would read.
  static func status(in head: ResponseHead) -> String? {
    let lines = head.fields.all("cache-status")
    guard !lines.isEmpty, lines.reduce(0, { $0 + $1.count }) <= longestStatus else { return nil }
    return lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
  }

  private static func list(_ upstream: String?, _ own: String) -> String { upstream.map { "\($0), \(own)" } ?? own }
  private static let longestStatus = 512
}
