import NIOCore

/// The small answers that were used last, in memory. A pure value.
struct AnswerMemory {
  private struct Entry {
    let answer: SmallAnswer
    var use: UInt64
    /// When the file that it comes from was last marked as used, in seconds of Unix time.
    var markedAt: Int64
  }

  private var answers: [String: Entry] = [:]
  private var byteCount = 0
  private var uses: UInt64 = 0
  private let byteLimit: Int

  init(byteLimit: Int = 32 << 20) { self.byteLimit = byteLimit }

  mutating func find(_ key: String) -> SmallAnswer? {
    guard let index = answers.index(forKey: key) else { return nil }
    return use(index)
  }

  /// - Parameter unixTime: in seconds.
  /// - Returns: the answer, and whether its file is to be marked as used, too: seldom enough to cost nothing.
  mutating func use(_ key: String, at unixTime: Int64) -> (answer: SmallAnswer, isMarkDue: Bool)? {
    guard let index = answers.index(forKey: key) else { return nil }
    let isDue = unixTime - answers.values[index].markedAt > ModuleStore.useGranularity
    if isDue { answers.values[index].markedAt = unixTime }
    return (use(index), isDue)
  }

  /// - Parameter unixTime: when its file was used, which is now.
  mutating func put(_ key: String, _ answer: SmallAnswer, at unixTime: Int64) {
    remove(key)
    let size = Self.size(key, answer)
    guard size < byteLimit / 8 else { return }
    uses += 1
    answers[key] = Entry(answer: answer, use: uses, markedAt: unixTime)
    byteCount += size
    if byteCount > byteLimit { forget() }
  }

  mutating func remove(_ key: String) {
    guard let known = answers.removeValue(forKey: key) else { return }
    byteCount -= Self.size(key, known.answer)
  }

  private mutating func use(_ index: Dictionary<String, Entry>.Index) -> SmallAnswer {
    uses += 1
    answers.values[index].use = uses
    return answers.values[index].answer
  }

  /// Half of them at once, so that a look through all of them is paid by many.
  private mutating func forget() {
    for entry in answers.sorted(by: { $0.value.use < $1.value.use }) where byteCount > byteLimit / 2 { remove(entry.key) }
  }

  /// With what an entry takes beside its bytes.
  private static func size(_ key: String, _ answer: SmallAnswer) -> Int { key.utf8.count + answer.body.readableBytes + 256 }
}
