@testable import Network
import NIOCore
import QUICTransport
import Testing

@Suite struct LinkLivenessTests {
  @Test func `an idle connection is asked seldom, one in use often`() {
    var liveness = LinkLiveness()
    #expect(look(&liveness, at: 0) == [.keepAlive(.seconds(15))])
    #expect(liveness.deadline == nil)
    #expect(look(&liveness, at: 1, isInUse: true) == [.keepAlive(.seconds(1))])
    #expect(look(&liveness, at: 2) == [.keepAlive(.seconds(15))])
    #expect(look(&liveness, at: 3, isAwaiting: true) == [.keepAlive(.seconds(1))])
  }

  @Test func `three seconds without an answer make it suspect, thirty lose it`() {
    var liveness = LinkLiveness()
    _ = look(&liveness, at: 100, heard: 90, isAwaiting: true)
    #expect(liveness.deadline == time(103))
    #expect(look(&liveness, at: 102.9, heard: 90, isAwaiting: true) == [])
    #expect(!liveness.isSuspect)
    #expect(
      look(&liveness, at: 103, heard: 90, isAwaiting: true) == [
        .becameSuspect(silence: .seconds(3)), .keepAlive(.milliseconds(200)),
      ])
    #expect(liveness.isSuspect && liveness.deadline == time(130))
    #expect(look(&liveness, at: 129, heard: 90, isAwaiting: true) == [])
    #expect(look(&liveness, at: 130, heard: 90, isAwaiting: true) == [.lost(silence: .seconds(30))])
    #expect(look(&liveness, at: 131, heard: 131) == [])
    #expect(liveness.isSuspect && liveness.deadline == nil)
  }

  @Test func `whatever is heard begins the wait anew`() {
    var liveness = LinkLiveness()
    _ = look(&liveness, at: 100, isAwaiting: true)
    _ = look(&liveness, at: 102, heard: 102, isAwaiting: true)
    #expect(look(&liveness, at: 104, heard: 102, isAwaiting: true) == [])
    #expect(liveness.deadline == time(105))
  }

  @Test func `what was acknowledged is not waited for`() {
    var liveness = LinkLiveness()
    _ = look(&liveness, at: 100, isAwaiting: true)
    _ = look(&liveness, at: 101, heard: 101)
    // The next thing that is sent has its own three seconds.
    _ = look(&liveness, at: 110, heard: 101, isAwaiting: true)
    #expect(liveness.deadline == time(113))
    #expect(look(&liveness, at: 112, heard: 101, isAwaiting: true) == [])
  }

  @Test func `a suspect connection that is heard is trusted again`() {
    var liveness = LinkLiveness()
    _ = look(&liveness, at: 100, heard: 99, isAwaiting: true)
    _ = look(&liveness, at: 103, heard: 99, isAwaiting: true)
    #expect(
      look(&liveness, at: 110, heard: 110, isAwaiting: true, isInUse: true) == [
        .answered(silence: .seconds(10)), .keepAlive(.seconds(1)),
      ])
    #expect(!liveness.isSuspect && liveness.deadline == time(113))
  }

  private func look(
    _ liveness: inout LinkLiveness, at now: Double, heard: Double? = nil, isAwaiting: Bool = false, isInUse: Bool = false
  ) -> [LinkLiveness.Action] {
    liveness.observed(
      Connection.Signs(lastReceived: heard.map(time), isAwaitingAcknowledgement: isAwaiting), isInUse: isInUse, now: time(now))
  }

  private func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1_000_000_000)) }
}
