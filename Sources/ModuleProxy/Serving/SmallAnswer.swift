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
  /// Its content ended with the connection, so nobody knows whether it is whole.
  var mayBeCut = false

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
    mayBeCut = head.endsWithConnection
    guard status != 200 else { return }
    otherFields = head.fields
    for name in Self.ownFields { otherFields.remove(name) }
  }

  /// What it takes in memory, about.
  var byteCount: Int { otherFields.reduce(body.readableBytes + 256) { $0 + $1.name.count + $1.value.count + 64 } }

  /// Said by this cache itself, or meant for one client.
  private static let ownFields: [FieldName] = [
    .status, .contentType, .contentLength, "etag", "age", "cache-status", "content-encoding", "set-cookie",
  ]

  init(_ head: EntryHeader, body: ByteBuffer) {
    self.init(contentType: head.contentType, entityTag: head.entityTag, fetchedAt: head.fetchedAt, body: body)
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
  case stale(reason: String)

  func field(hop: String) -> String {
    switch self {
    case .hit: "\(hop); hit"
    case .fetched: "\(hop); fwd=uri-miss"
    case .collapsed: "\(hop); fwd=uri-miss; collapsed"
    case .stale: "\(hop); hit; detail=stale"
    }
  }
}

/// The small answers that were used last, in memory. A pure value.
struct AnswerMemory {
  private var answers: [String: (answer: SmallAnswer, use: UInt64)] = [:]
  private var byteCount = 0
  private var uses: UInt64 = 0
  private let byteLimit: Int

  init(byteLimit: Int = 32 << 20) { self.byteLimit = byteLimit }

  mutating func find(_ key: String) -> SmallAnswer? {
    guard let index = answers.index(forKey: key) else { return nil }
    uses += 1
    answers.values[index].use = uses
    return answers.values[index].answer
  }

  mutating func put(_ key: String, _ answer: SmallAnswer) {
    remove(key)
    let size = Self.size(key, answer)
    guard size < byteLimit / 8 else { return }
    uses += 1
    answers[key] = (answer, uses)
    byteCount += size
    if byteCount > byteLimit { forget() }
  }

  mutating func remove(_ key: String) {
    guard let known = answers.removeValue(forKey: key) else { return }
    byteCount -= Self.size(key, known.answer)
  }

  /// Half of them at once, so that a look through all of them is paid by many.
  private mutating func forget() {
    for entry in answers.sorted(by: { $0.value.use < $1.value.use }) where byteCount > byteLimit / 2 { remove(entry.key) }
  }

  /// With what an entry takes beside its bytes.
  private static func size(_ key: String, _ answer: SmallAnswer) -> Int { key.utf8.count + answer.body.readableBytes + 256 }
}
