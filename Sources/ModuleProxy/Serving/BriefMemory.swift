import NIOCore

/// What is remembered for a short time: what an origin has said that it does not have (404, 410), and what was refused. A pure value.
struct BriefMemory<Answer> {
  private var answers: [String: (answer: Answer, until: NIODeadline)] = [:]

  func find(_ key: String, now: NIODeadline) -> Answer? {
    guard let known = answers[key], known.until > now else { return nil }
    return known.answer
  }

  mutating func put(_ key: String, _ answer: Answer, until: NIODeadline, now: NIODeadline) {
    if answers.count >= Self.limit { answers = answers.filter { $0.value.until > now } }
    // Whoever asks for so many things that are not to be had learns of each anew.
    if answers.count >= Self.limit { answers.removeAll() }
    answers[key] = (answer, until)
  }

  private static var limit: Int { 4096 }
}
