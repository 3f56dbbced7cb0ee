import LinkEmulator

/// Moves packets between the two devices and obeys the control socket, on one thread, until the process ends.
struct LinkLoop {
  private let control: ControlSocket
  private var poller: Poller
  private var link: Link<IPPacket>
  private var forward: Lane
  private var backward: Lane
  private var lateness = Lateness()
  private var cut = Cut()

  init(edge: TunDevice, core: TunDevice, control: ControlSocket, seed: UInt64) throws(SystemError) {
    self.control = control
    poller = try Poller()
    link = Link(seed: seed)
    forward = Lane(from: edge, to: core)
    backward = Lane(from: core, to: edge)
  }

  mutating func run() throws(SystemError) -> Never {
    while true {
      let descriptors = [forward.source.descriptor, backward.source.descriptor] + control.descriptors
      let isReady = try poller.wait(for: descriptors, until: link.nextArrival)
      let isDown = cut.isDown(at: Poller.now())
      link.forward.isDown = isDown
      link.backward.isDown = isDown
      if isReady[0] { try forward.take(into: &link.forward) }
      if isReady[1] { try backward.take(into: &link.backward) }
      forward.deliver(from: &link.forward, &lateness)
      backward.deliver(from: &link.backward, &lateness)
      if isReady[2...].contains(true) { control.serve(isReady[2...]) { answer(to: $0) } }
    }
  }

  private mutating func answer(to line: String) -> String {
    do {
      switch try ControlCommand(line) {
      case .set(let forward, let backward):
        let now = Poller.now()
        self.forward.change(&link.forward, to: forward, at: now)
        self.backward.change(&link.backward, to: backward, at: now)
      case .down: cut.down()
      case .up: cut.up()
      case .blackOut(let nanoseconds): cut.blackOut(nanoseconds, at: Poller.now())
      case .counters:
        return ControlAnswer.counters(link, refused: (forward.refused, backward.refused), lateness)
      }
      return ControlAnswer.done
    } catch {
      return ControlAnswer.refused(error)
    }
  }
}
