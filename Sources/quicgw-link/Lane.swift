import LinkEmulator

/// One direction of the link at work: packets that leave one device arrive at the other when the model says.
struct Lane {
  let source: TunDevice
  let sink: TunDevice
  /// Whether damage comes with checksums that fit it.
  private var hidesDamage = false
  /// Packets that arrived and that the kernel did not take, for example because the device was not up.
  private(set) var refused = 0

  /// So many packets are read or delivered before the other direction has its turn.
  private static let turn = 32

  init(from source: TunDevice, to sink: TunDevice) {
    self.source = source
    self.sink = sink
  }

  /// Puts the packets that wait at the source on the link.
  func take(into direction: inout LinkDirection<IPPacket>) throws(SystemError) {
    for _ in 0..<Self.turn {
      guard let bytes = try source.read() else { return }
      direction.send(IPPacket(bytes, hidesDamage: hidesDamage), at: Poller.now())
    }
  }

  /// Delivers the packets that are due.
  mutating func deliver(from direction: inout LinkDirection<IPPacket>, _ lateness: inout Lateness) {
    for _ in 0..<Self.turn {
      let now = Poller.now()
      guard let due = direction.nextArrival, due <= now, let packet = direction.receive(at: now) else { return }
      lateness.record(now - due)
      if !sink.write(packet.bytes) { refused += 1 }
    }
  }

  /// Packets that are under way are not touched.
  mutating func change(_ direction: inout LinkDirection<IPPacket>, to settings: DirectionSettings, at now: UInt64) {
    direction.conditions = settings.conditions(from: now)
    hidesDamage = settings.hidesDamage
  }
}
