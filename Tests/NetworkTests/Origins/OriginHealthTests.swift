import Gateway
import NIOCore
import Testing

@testable import Network

@Suite struct OriginHealthTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

  @Test func failuresWithinTheTimeTakeAnOriginOut() {
    var health = OriginHealth(PoolRules(maximumFailures: 3, failTimeout: .seconds(10)))
    #expect(health.requestFailed("a", at: at(0)) == nil)
    #expect(health.requestFailed("b", at: at(6)) == nil)
    // The first does not count any more.
    #expect(health.requestFailed("c", at: at(11)) == nil)
    #expect(health.requestFailed("d", at: at(12)) == .down(reason: "d"))
    #expect(health.isOut(at: at(21)))
    #expect(!health.isOut(at: at(22)), "one request finds out whether it is back")
    #expect(health.requestFailed("e", at: at(23)) == nil, "it is known to be down")
    #expect(health.isOut(at: at(32)))
    #expect(health.requestSucceeded() == .up)
    #expect(!health.isOut(at: at(32)))
  }

  @Test func aSuccessForgetsFailures() {
    var health = OriginHealth(PoolRules(maximumFailures: 2, failTimeout: .seconds(10)))
    for second in 0..<20 {
      #expect(health.requestFailed("x", at: at(Int64(second))) == nil)
      #expect(health.requestSucceeded() == nil)
    }
  }

  @Test func noneOfItIsCountedWhereNothingIsSaid() {
    var health = OriginHealth(PoolRules(maximumFailures: 0))
    for _ in 0..<100 { #expect(health.requestFailed("x", at: start) == nil) }
    #expect(health.checkFailed("x") == nil)
    #expect(!health.isOut(at: start))
  }

  @Test func checksTakeOutAndBringBack() {
    var health = OriginHealth(PoolRules(check: HealthCheck(path: "/", fails: 2, passes: 2)))
    #expect(health.checkFailed("404") == nil)
    #expect(health.checkPassed() == nil)
    #expect(health.checkFailed("404") == nil)
    #expect(health.checkFailed("404") == .down(reason: "404"))
    #expect(health.isOut(at: at(1000)))
    #expect(health.requestFailed("x", at: at(1000)) == nil, "it is down already")
    #expect(health.checkPassed() == nil)
    #expect(health.checkFailed("404") == nil)
    #expect(health.checkPassed() == nil)
    #expect(health.checkPassed() == .up)
    #expect(!health.isOut(at: at(1001)), "not even for the time of its failures")
  }

  @Test func turnsFollowWeights() {
    var rotation = OriginRotation([OriginShare(weight: 5), OriginShare(weight: 1), OriginShare(weight: 1)], count: 3)
    #expect((0..<7).map { _ in rotation.next { _ in true } } == [0, 0, 1, 0, 2, 0, 0])
    var counts = [0, 0, 0]
    for _ in 0..<700 { counts[rotation.next { _ in true }] += 1 }
    #expect(counts == [500, 100, 100])
    var alike = OriginRotation([], count: 3)
    #expect((0..<6).map { _ in alike.next { _ in true } } == [0, 1, 2, 0, 1, 2])
  }

  @Test func backupsServeWhenNobodyElseCan() {
    var rotation = OriginRotation([OriginShare(), OriginShare(), OriginShare(isBackup: true)], count: 3)
    for _ in 0..<10 { #expect(rotation.next { _ in true } != 2) }
    for _ in 0..<10 { #expect(rotation.next { $0 != 0 } == 1) }
    for _ in 0..<10 { #expect(rotation.next { $0 == 2 } == 2) }
    #expect(Set((0..<10).map { _ in rotation.next { _ in false } }) == [0, 1], "when all are out the usual ones are tried")
  }
}
