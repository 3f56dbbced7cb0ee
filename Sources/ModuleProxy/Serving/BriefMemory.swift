import NIOCore

/// What is remembered for a short time: what an origin has said that it does not have (404, 410), and what was refused. A pure
/// value.
struct BriefMemory<Answer> {
  private struct Entry {
    let answer: Answer
    let until: NIODeadline
    let byteCount: Int
  }

  private var answers: [String: Entry] = [:]
  /// Of all entries, with what each takes beside its answer.
  private(set) var byteCount = 0
  private var sweepsAt = NIODeadline.distantPast

  func find(_ key: String, now: NIODeadline) -> Answer? {
    guard let known = answers[key], known.until > now else { return nil }
    return known.answer
  }

  /// - Parameter byteCount: what the answer takes.
  mutating func put(_ key: String, _ answer: Answer, byteCount: Int, until: NIODeadline, now: NIODeadline) {
    remove(key)
    let size = byteCount + key.utf8.count + 128
    if now >= sweepsAt || isFull(with: size) { sweep(now) }
    // Whoever asks for so many things that are not to be had learns of each anew.
    if isFull(with: size) {
      answers.removeAll()
      self.byteCount = 0
    }
    guard size <= Self.byteLimit else { return }
    answers[key] = Entry(answer: answer, until: until, byteCount: size)
    self.byteCount += size
  }

  private func isFull(with size: Int) -> Bool { answers.count >= Self.limit || byteCount + size > Self.byteLimit }

  private mutating func sweep(_ now: NIODeadline) {
    sweepsAt = now + .seconds(10)
    for (key, entry) in answers where entry.until <= now { remove(key, entry) }
  }

  private mutating func remove(_ key: String) {
    if let entry = answers[key] { remove(key, entry) }
  }

  private mutating func remove(_ key: String, _ entry: Entry) {
    answers[key] = nil
    byteCount -= entry.byteCount
  }

  private static var limit: Int { 4096 }
  private static var byteLimit: Int { 8 << 20 }
}
