/// Times in which everything is lost, again and again at the same distance.
public struct RepeatingOutage: Sendable, Equatable {
  /// When the first one begins; nanoseconds of virtual time.
  public var firstBegin: UInt64
  public var length: Duration
  /// From the end of one to the begin of the next.
  public var pause: Duration

  public init(firstBegin: UInt64, length: Duration, pause: Duration) {
    self.firstBegin = firstBegin
    self.length = length
    self.pause = pause
  }

  /// Whether one is on.
  public func contains(_ now: UInt64) -> Bool {
    let period = length.wholeNanoseconds + pause.wholeNanoseconds
    guard now >= firstBegin, period > 0 else { return false }
    return (now - firstBegin) % period < length.wholeNanoseconds
  }
}
