@testable import ModuleProxy
import NIOCore

/// A shared store that a test plays.
final class TestStore: SharedModuleStore {
  enum Mood {
    case well
    case silent
    case failing
    /// Answers questions and takes nothing.
    case full
  }

  let name = "the test's store"
  var mood = Mood.well
  var values: [String: ByteBuffer] = [:]
  private(set) var asked: [String] = []
  /// Those that were asked while it was silent.
  private(set) var late: [(SharedLookup) -> Void] = []

  func find(_ key: String, byteLimit: Int, answer: @escaping (SharedLookup) -> Void) {
    asked.append(key)
    switch mood {
    case .well, .full: answer(values[key].map { .found($0) } ?? .absent)
    case .silent: late.append(answer)
    case .failing: answer(.failed(reason: "it is away"))
    }
  }

  func keep(_ value: ByteBuffer, as key: String, for lifetime: Duration, answer: @escaping (_ refusal: String?) -> Void) {
    guard mood == .well else { return answer("it is full") }
    values[key] = value
    answer(nil)
  }
}
