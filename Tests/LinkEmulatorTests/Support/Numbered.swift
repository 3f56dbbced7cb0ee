import LinkEmulator

/// A datagram that knows which one it is, whatever happens to its bits.
struct Numbered: LinkDatagram, Equatable {
  let number: Int
  let byteCount: Int
  private(set) var flips: [Int] = []

  init(_ number: Int, byteCount: Int = 1000) {
    self.number = number
    self.byteCount = byteCount
  }

  mutating func flip(bit: Int) {
    precondition((0..<byteCount * 8).contains(bit), "bit \(bit) of \(byteCount) bytes")
    flips.append(bit)
  }
}

/// A datagram at the other end of the link.
struct Arrival {
  let datagram: Numbered
  let time: UInt64

  var number: Int { datagram.number }
}

extension LinkDirection<Numbered> {
  /// Sends datagrams 0 ..< count, one each `spacing`, and takes each when it arrives.
  mutating func carry(_ count: Int, every spacing: Duration = .microseconds(100), byteCount: Int = 1000) -> [Arrival] {
    let spacing = spacing.nanoseconds
    var arrivals: [Arrival] = []
    for number in 0..<count {
      let now = UInt64(number) * spacing
      take(until: now, into: &arrivals)
      send(Numbered(number, byteCount: byteCount), at: now)
    }
    take(until: .max, into: &arrivals)
    return arrivals
  }

  /// Everything that arrives by then, each at its time.
  mutating func take(until end: UInt64) -> [Arrival] {
    var arrivals: [Arrival] = []
    take(until: end, into: &arrivals)
    return arrivals
  }

  private mutating func take(until end: UInt64, into arrivals: inout [Arrival]) {
    while let time = nextArrival, time <= end, let datagram = receive(at: time) {
      arrivals.append(Arrival(datagram: datagram, time: time))
    }
  }
}

extension Duration {
  var nanoseconds: UInt64 { UInt64(self / .nanoseconds(1)) }
}
