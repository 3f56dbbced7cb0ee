import NIOCore

/// One download that may take several requests: what to ask for next, what to do with what comes, and when to give up. A pure
/// value.
///
/// What is asked for is immutable, so a transfer that broke goes on where it stopped (RFC 9110 §14); what is put together is
/// checked as a whole afterwards, by whoever has asked.
struct Transfer {
  /// What to do now.
  enum Step: Equatable {
    /// The answer's content is what is wanted; the first `skipping` bytes of it are there already.
    case take(skipping: Int)
    /// The answer is a final one of another kind.
    case answer
    /// To ask again, later.
    case retry(after: TimeAmount)
    case fail(TransferFailure)
    case complete
    /// The rest of what was said comes; nothing to do.
    case wait
  }

  /// Bytes that have come and were not skipped.
  private(set) var received = 0
  /// All bytes, once somebody has said it.
  private(set) var total: Int?
  /// Requests beside the first.
  private(set) var retryCount = 0
  /// Those of them that went on from the middle.
  private(set) var resumeCount = 0

  let limits: TransferLimits
  private var validator: String?
  /// The most that has come of one answer: what begins anew gets on only where it gets further.
  private var furthest = 0
  private var hadHead = false
  private var lastProgress: NIODeadline
  private var failuresSinceProgress = 0
  /// The head of the answer that comes now has come.
  private var isBegun = false

  init(limits: TransferLimits, now: NIODeadline) {
    self.limits = limits
    lastProgress = now
  }

  /// Where the next request is to begin, with the validator for `If-Range` if there is a strong one; nil asks for all.
  var range: (start: Int, validator: String?)? { received > 0 ? (received, validator) : nil }

  /// Whether what has come is kept when it goes on.
  var resumes: Bool { limits.resumes }

  /// How long nothing may come, of an answer that has begun, before it is asked for anew.
  var stallLimit: TimeAmount { received > 0 || isBegun ? limits.stallPatience : limits.answerPatience }

  mutating func headArrived(_ head: TransferHead, now: NIODeadline) -> Step {
    isBegun = true
    switch head.status {
    case 200 where !limits.resumes || received == 0:
      // An origin may think before its first answer; after that a head alone is no progress, or one could bring heads for ever.
      if !hadHead { lastProgress = now }
      hadHead = true
      guard fits(head.length ?? 0) else { return tooLarge }
      (total, validator) = (head.length, head.validator)
      return .take(skipping: 0)
    case 200:
      // The origin does not know ranges, or calls the same something else (RFC 9110 §13.1.5), as another server of a pool does.
      // If it is something else, the check of the whole finds out.
      guard head.length == nil || total == nil || head.length == total else { return .fail(changed) }
      validator = head.validator
      return .take(skipping: received)
    case 206 where received > 0:
      guard head.validator == nil || validator == nil || head.validator == validator, head.rangeStart == received,
        head.rangeTotal == nil || total == nil || head.rangeTotal == total,
        fits(head.rangeTotal ?? 0)
      else { return .fail(changed) }
      total = total ?? head.rangeTotal
      return .take(skipping: 0)
    case let status where Self.mayPass.contains(status) && !head.isFinal:
      let step = broken("the origin answered \(head.status)", isOwnAnswer: Self.ofItself.contains(status), now: now)
      // The last of these answers is the answer, if nothing else has been said.
      if case .fail = step, received == 0 { return .answer }
      return step
    case _ where received > 0:
      return .fail(TransferFailure(.broken, "the origin answered \(head.status) when it was asked for the rest"))
    default:
      return .answer
    }
  }

  /// - Parameter count: bytes that were not there yet.
  mutating func contentArrived(_ count: Int, now: NIODeadline) -> Step {
    received += count
    if received > furthest {
      furthest = received
      lastProgress = now
      failuresSinceProgress = 0
    }
    guard fits(received) else { return tooLarge }
    if let total, received > total { return .fail(TransferFailure(.broken, "the origin sent more than it had said")) }
    return .wait
  }

  /// The answer has come to its end.
  mutating func ended(now: NIODeadline) -> Step {
    guard let total, received < total else { return .complete }
    return broken("the answer ended early", now: now)
  }

  /// The request failed, or its answer broke off.
  /// - Parameter isOwnAnswer: the origin is there and has said so itself: it changes its mind soon or not at all.
  mutating func broken(_ reason: String, isOwnAnswer: Bool = false, now: NIODeadline) -> Step {
    let hadBegun = isBegun
    isBegun = false
    // Only the end was lost: whoever checks the whole tells whether it is one.
    if received > 0, received == total { return .complete }
    failuresSinceProgress += 1
    let delay = min(limits.longestDelay, TimeAmount.milliseconds(100 << min(Int64(failuresSinceProgress - 1), 10)))
    let patience = received > 0 || hadBegun ? limits.patience : limits.firstPatience
    guard now + delay - lastProgress < patience, !isOwnAnswer || failuresSinceProgress < limits.refusedAttempts else {
      return .fail(TransferFailure(received > 0 ? .broken : .unreachable, reason))
    }
    retryCount += 1
    if limits.resumes {
      if received > 0 { resumeCount += 1 }
    } else {
      received = 0
      total = nil
    }
    return .retry(after: delay)
  }

  /// Statuses of trouble that may pass.
  private static let mayPass: Set<Int> = [429, 500, 502, 503, 504]
  /// Those that tell of the origin itself, not of the way to it or of its being about to start.
  private static let ofItself: Set<Int> = [429, 500]

  private func fits(_ count: Int) -> Bool { count <= limits.bytes }
  private var tooLarge: Step { .fail(TransferFailure(.tooLarge, "it has more than \(limits.bytes) bytes")) }
  private var changed: TransferFailure {
    TransferFailure(.broken, "the origin has something else now than when the transfer began")
  }
}

/// What one transfer may take.
struct TransferLimits {
  var bytes: Int
  /// Whether what has come is kept and the rest asked for; else a transfer that broke begins anew.
  var resumes: Bool
  /// How long nothing may come before it is given up.
  var patience: TimeAmount
  /// The same before anything has come.
  var firstPatience: TimeAmount
  /// How long an origin may think before it answers at all: some fetch what they are asked for from elsewhere first.
  var answerPatience = TimeAmount.minutes(5)
  /// How long an answer that has begun may bring nothing.
  var stallPatience: TimeAmount { .nanoseconds(patience.nanoseconds / 2) }
  var longestDelay = TimeAmount.seconds(2)
  /// Requests to an origin that answers that it cannot.
  var refusedAttempts = 4
}

/// What a transfer needs to know of an answer's head.
struct TransferHead: Equatable {
  var status: Int
  var length: Int?
  /// A strong one only (RFC 9110 §13.1.5): an entity tag, or nothing.
  var validator: String?
  /// A hop before this one has looked at what came and would not have it: asked again, it says the same.
  var isFinal = false
  /// Of `Content-Range`.
  var rangeStart: Int?
  var rangeTotal: Int?
}

struct TransferFailure: Error, Equatable {
  enum Cause {
    case unreachable, broken, tooLarge
  }

  let cause: Cause
  let reason: String

  init(_ cause: Cause, _ reason: String) {
    self.cause = cause
    self.reason = reason
  }
}
