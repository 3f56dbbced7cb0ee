/// Times in which everything is lost, of random length and at random distance: both are exponentially distributed, so that at any
/// moment nothing tells how long it will go on. A radio cell's fading and handovers are of this kind.
public struct RandomOutages: Sendable, Equatable {
  /// How long one is on average.
  public var meanLength: Duration
  /// From the end of one to the begin of the next, on average.
  public var meanPause: Duration

  public init(meanLength: Duration, meanPause: Duration) {
    self.meanLength = meanLength
    self.meanPause = meanPause
  }

  /// Where one direction is in them. It draws for itself: what datagrams meet otherwise does not depend on outages.
  struct State {
    private var isOn = false
    private var turnsAt: UInt64?
    private var random: SeededGenerator

    init(seed: UInt64) {
      random = SeededGenerator(seed: ~seed)
    }

    /// The link carries from now on, until the first of other outages.
    mutating func begin() {
      isOn = false
      turnsAt = nil
    }

    /// Whether one is on at `now`, which never goes back.
    mutating func isOn(at now: UInt64, _ outages: RandomOutages) -> Bool {
      var turn = turnsAt ?? now + draw(outages.meanPause)
      while turn <= now {
        isOn.toggle()
        turn += max(draw(isOn ? outages.meanLength : outages.meanPause), 1)
      }
      turnsAt = turn
      return isOn
    }

    /// An exponentially distributed time, by von Neumann's comparisons: runs of falling numbers need no logarithm.
    private mutating func draw(_ mean: Duration) -> UInt64 {
      var whole = 0.0
      while true {
        let first = random.unit()
        var last = first
        var isOdd = true
        while true {
          let next = random.unit()
          guard next < last else { break }
          last = next
          isOdd.toggle()
        }
        if isOdd { return UInt64((whole + first) * Double(mean.wholeNanoseconds)) }
        whole += 1
      }
    }
  }
}
