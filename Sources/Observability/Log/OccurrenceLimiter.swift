import NIOCore

/// At most one line a window for each cause, with a count of what was left out: a pure value, time is passed in.
///
/// `Sample` is what is needed to write a line later: the last occurrence that was held back stands for the others.
struct OccurrenceLimiter<Cause: Hashable, Sample> {
  private var windows: [Cause: Window] = [:]
  private let length: TimeAmount
  private let capacity: Int

  /// - Parameters:
  ///   - length: time between two lines of one cause, unless `judge` is told another.
  ///   - capacity: causes remembered at once; while there are more, further ones are held back as if they had just been
  ///     written, so that memory is bounded whatever comes from outside.
  init(length: TimeAmount = .seconds(1), capacity: Int = 256) {
    self.length = length
    self.capacity = capacity
  }

  /// What to do with an occurrence.
  enum Verdict: Equatable {
    /// Write it; so many of its cause were held back before it.
    case write(heldBack: Int)
    case hold
  }

  /// A line for occurrences that were held back and whose window is over.
  struct Summary {
    let cause: Cause
    let latest: Sample
    /// Occurrences held back, `latest` among them.
    let heldBack: Int
  }

  mutating func judge(
    _ cause: Cause, _ sample: @autoclosure () -> Sample, now: NIODeadline, length: TimeAmount? = nil
  ) -> Verdict {
    let length = length ?? self.length
    guard let window = windows[cause] else {
      guard windows.count < capacity else { return .hold }
      windows[cause] = Window(begin: now, length: length)
      return .write(heldBack: 0)
    }
    if now >= window.end {
      windows[cause] = Window(begin: now, length: length)
      return .write(heldBack: window.heldBack)
    }
    windows[cause]?.heldBack += 1
    windows[cause]?.latest = sample()
    return .hold
  }

  /// Ends the windows that are over. A window with occurrences held back gives a summary, which is a line and so begins the
  /// cause's next window; the others are forgotten.
  mutating func endWindows(now: NIODeadline) -> [Summary] {
    var summaries: [Summary] = []
    for (cause, window) in windows where now >= window.end {
      if let latest = window.latest {
        summaries.append(Summary(cause: cause, latest: latest, heldBack: window.heldBack))
        windows[cause] = Window(begin: now, length: window.length)
      } else {
        windows[cause] = nil
      }
    }
    return summaries
  }

  /// Forgets a cause before its window is over.
  /// - Returns: what was held back.
  mutating func end(_ cause: Cause) -> Summary? {
    guard let window = windows.removeValue(forKey: cause), let latest = window.latest else { return nil }
    return Summary(cause: cause, latest: latest, heldBack: window.heldBack)
  }

  private struct Window {
    let begin: NIODeadline
    let length: TimeAmount
    var end: NIODeadline { begin + length }
    var heldBack = 0
    var latest: Sample?
  }
}
