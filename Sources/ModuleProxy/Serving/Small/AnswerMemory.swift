import NIOCore

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
