import Exchange
import NIOCore
@testable import Network
import QUICTransport
import Testing

@Suite struct `What a core tells of an edge that has connected` {
  private let announcement = EdgeAnnouncement(instance: Array(0..<16), version: "1", services: ["a"])

  @Test func `an edge is known when it is proved and has announced itself, in any order`() {
    var state = ReversedEdgeState()
    #expect(state.announced(announcement) == [])
    #expect(state.proved(identity: "e", isConfirmed: true) == [.arrive(identity: "e", announcement, isConfirmed: true)])
    var other = ReversedEdgeState()
    #expect(other.proved(identity: "e", isConfirmed: true) == [])
    #expect(other.announced(announcement) == [.arrive(identity: "e", announcement, isConfirmed: true)])
  }

  @Test func `before the handshake is complete it is known as unconfirmed, and confirmed once`() {
    var state = ReversedEdgeState()
    #expect(state.announced(announcement) == [])
    #expect(state.proved(identity: "e", isConfirmed: false) == [.arrive(identity: "e", announcement, isConfirmed: false)])
    #expect(state.proved(identity: "e", isConfirmed: true) == [.confirm])
    #expect(state.proved(identity: "e", isConfirmed: true) == [])
    // The answer of a shared store that was slower than the handshake.
    #expect(state.proved(identity: "e", isConfirmed: false) == [])
  }

  @Test func `proof that comes late does not take back what is known`() {
    var state = ReversedEdgeState()
    #expect(state.proved(identity: "e", isConfirmed: true) == [])
    #expect(state.proved(identity: "e", isConfirmed: false) == [])
    #expect(state.announced(announcement) == [.arrive(identity: "e", announcement, isConfirmed: true)])
  }

  @Test func `only news is told`() {
    var state = ReversedEdgeState()
    _ = state.proved(identity: "e", isConfirmed: true)
    _ = state.announced(announcement)
    #expect(state.announced(announcement) == [])
    var changed = announcement
    changed.services = ["b"]
    #expect(state.announced(changed) == [.announce(changed)])
    #expect(state.suspected(true) == [.suspect(true)])
    #expect(state.goesAway() == [.drain])
    #expect(state.goesAway() == [])
    #expect(state.announced(announcement) == [])
    #expect(state.ended(.lost) == [.leave(.lost)])
    #expect(state.suspected(false) == [])
  }

  @Test func `an edge that goes before it was known was never there`() {
    var state = ReversedEdgeState()
    #expect(state.suspected(true) == [])
    #expect(state.goesAway() == [])
    #expect(state.isGoingAway)
    #expect(state.proved(identity: "e", isConfirmed: true) == [])
    #expect(state.announced(announcement) == [])
    #expect(state.ended(.closed) == [])
  }

  @Test func `a peer without identity is not known`() {
    var state = ReversedEdgeState()
    #expect(state.announced(announcement) == [])
    #expect(state.proved(identity: nil, isConfirmed: true) == [])
  }
}

@Suite struct `Cores that are met twice` {
  @Test func `are told once for each connection`() {
    var cores = CoreInstances()
    #expect(cores.met([1], at: 0) == .init(others: [], wanted: []))
    #expect(cores.met([2], at: 1) == .init(others: [], wanted: []))
    #expect(cores.met([1], at: 2) == .init(others: [0], wanted: []))
    #expect(cores.met([1], at: 2) == .init(others: [], wanted: []))
  }

  @Test func `a connection that one core gives up is wanted again when no other leads to it`() {
    var cores = CoreInstances()
    _ = cores.met([1], at: 0)
    _ = cores.met([1], at: 1)
    #expect(cores.left(0) == .rests)
    #expect(cores.left(1) == .isWanted(others: [0]))
    #expect(cores.left(1) == .isWanted(others: []))
  }

  @Test func `a place that rests is wanted again when the other one leads to another process`() {
    var cores = CoreInstances()
    _ = cores.met([1], at: 0)
    _ = cores.met([1], at: 1)
    _ = cores.left(0)
    #expect(cores.met([1], at: 1) == .init(others: [], wanted: []))
    #expect(cores.met([2], at: 1) == .init(others: [], wanted: [0]))
    #expect(cores.met([3], at: 1) == .init(others: [], wanted: []))
  }

  @Test func `a place rests on as long as one leads to its core, whatever else is lost`() {
    var cores = CoreInstances()
    for place in 0..<3 { _ = cores.met([place == 2 ? 2 : 1], at: place) }
    _ = cores.left(0)
    #expect(cores.left(2) == .isWanted(others: []))
    #expect(cores.left(1) == .isWanted(others: [0]))
  }
}

@Suite struct `An edge announces itself now and then` {
  @Test func `as often as a configuration is reloaded, and not for ever`() throws {
    var pace = AnnouncementPace()
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    for _ in 0..<16 { try pace.take(now: now) }
    #expect(throws: ApplicationError.self) { try pace.take(now: now) }
    for _ in 0..<100 {
      now = now + .milliseconds(1001)
      try pace.take(now: now)
    }
    now = now + .milliseconds(100)
    #expect(throws: ApplicationError.self) { try pace.take(now: now) }
  }
}
