/// What is made of the answers of several sources: which of them is the client's, and whether another source is asked
/// (`cmd/go/internal/modfetch.TryProxies`). A pure value.
struct SourceVerdict {
  /// How an answer began.
  enum Outcome: Equatable {
    case success
    /// 404 or 410: this source has no such thing.
    case missing
    /// Another status, or none at all.
    case error

    init(status: Int) {
      switch status {
      case 200..<300: self = .success
      case 404, 410: self = .missing
      default: self = .error
      }
    }
  }

  /// What to do with an answer.
  enum Step: Equatable {
    /// It is the client's.
    case give
    /// It is remembered, as the best so far, and the next source asked.
    case rememberAndGoOn
    /// The one before it says more; the next source is asked.
    case goOn
    /// No source is left, and an earlier answer says more than this one.
    case giveRemembered
  }

  private let yieldsToErrors: [Bool]
  private var index = 0
  private var remembered: Outcome?

  /// - Parameter yieldsToErrors: of each source, in order.
  init(yieldsToErrors: [Bool]) { self.yieldsToErrors = yieldsToErrors }

  /// The source that is asked now.
  var current: Int { index }

  mutating func answered(_ outcome: Outcome) -> Step {
    // An error tells more than that there is no such thing: the one who has it may be the one that failed.
    let saysLess = outcome == .missing && remembered == .error
    let falls = outcome == .missing || outcome == .error && yieldsToErrors[index]
    guard falls, index + 1 < yieldsToErrors.count else { return saysLess ? .giveRemembered : .give }
    index += 1
    if saysLess { return .goOn }
    remembered = outcome
    return .rememberAndGoOn
  }
}
