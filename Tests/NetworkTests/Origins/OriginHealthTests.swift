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
    #expect(health.isWell)
    #expect(health.requestFailed("d", at: at(12)) == .down(reason: "d"))
    #expect(health.isOut(at: at(21)))
    #expect(!health.isOut(at: at(22)), "one request finds out whether it is back")
    health.requestSent(at: at(22))
    #expect(health.isOut(at: at(23)), "no second one is sent after it")
    #expect(health.requestFailed("e", at: at(23)) == nil, "it is known to be down")
    #expect(health.isOut(at: at(32)))
    #expect(!health.isOut(at: at(33)))
    health.requestSent(at: at(33))
    #expect(health.requestSucceeded() == .up)
    #expect(!health.isOut(at: at(33)))
    #expect(health.requestFailed("f", at: at(34)) == nil, "it may fail as often as before")
  }

  @Test func aRequestThatFindsOutMayTakeItsTime() {
    var health = OriginHealth(PoolRules(maximumFailures: 1, failTimeout: .seconds(10)))
    #expect(health.requestFailed("a", at: at(0)) == .down(reason: "a"))
    health.requestSent(at: at(10))
    #expect(health.isOut(at: at(19)))
    #expect(!health.isOut(at: at(20)), "after as long again the next one finds out")
    health.requestSent(at: at(20))
    #expect(health.requestSucceeded() == .up)
  }

  @Test func successesDoNotTakeFailuresBack() {
    var health = OriginHealth(PoolRules(maximumFailures: 3, failTimeout: .seconds(10)))
    for second in 0..<2 {
      #expect(health.requestFailed("x", at: at(Int64(second))) == nil)
      #expect(health.requestSucceeded() == nil)
    }
    #expect(health.requestFailed("x", at: at(2)) == .down(reason: "x"), "every second request fails: nginx would count three, too")
    #expect(health.requestSucceeded() == nil, "this was asked before")
    #expect(health.isOut(at: at(3)))
  }

  @Test func whoIsAskedForWantOfOthersProvesItself() {
    var health = OriginHealth(PoolRules(maximumFailures: 1, failTimeout: .seconds(10)))
    #expect(health.requestFailed("x", at: at(0)) == .down(reason: "x"))
    health.requestSent(at: at(1))
    #expect(health.isOut(at: at(9)))
    #expect(!health.isOut(at: at(10)), "its time is not made longer by it")
    #expect(health.requestSucceeded() == .up)
  }

  @Test(arguments: [OriginHealth(PoolRules(maximumFailures: 0)), OriginHealth(.defaults, isAlone: true)])
  func noneOfItIsCountedWhereItMayNot(_ health: OriginHealth) {
    var health = health
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
    health.requestSent(at: at(1010))
    #expect(health.requestSucceeded() == nil, "its checks say otherwise")
    #expect(health.isOut(at: at(1011)))
    #expect(health.checkPassed() == nil)
    #expect(health.checkFailed("404") == nil)
    #expect(health.requestFailed("x", at: at(1012)) == nil)
    #expect(health.checkPassed() == nil)
    #expect(health.checkPassed() == .up)
    #expect(!health.isOut(at: at(1012)), "not even for the time of its failures")
  }

  @Test func loopsShareIt() {
    let service = Service(name: "a", origins: [url("a"), url("b")], pool: PoolRules(maximumFailures: 2))
    let services = HealthOfServices()
    let (one, other) = (services.health(of: service), services.health(of: service))
    #expect(one.origins[1].requestFailed("x", at: at(0)) == nil)
    #expect(other.origins[1].requestFailed("x", at: at(1)) == .down(reason: "x"))
    #expect(one.origins[1].isOut(at: at(2)) && !one.origins[0].isOut(at: at(2)))
    other.origins[1].requestSent(at: at(11))
    #expect(one.origins[1].requestSucceeded() == .up)
    #expect(one.origins[1].checked("x") == nil, "nobody checks it")
    let changed = Service(name: "a", origins: [url("a"), url("b")], pool: PoolRules(maximumFailures: 3))
    #expect(services.health(of: changed) !== one)
  }

  @Test func nobodyHoldsWhatNoPoolUses() {
    let service = Service(name: "a", origins: [url("a"), url("b")])
    let services = HealthOfServices()
    #expect(services.health(of: service).origins[0].requestFailed("x", at: at(0)) == .down(reason: "x"))
    #expect(!services.health(of: service).origins[0].isOut(at: at(1)))
  }

  private func url(_ host: String) -> OriginURL { OriginURL(scheme: .http, host: host, port: 80) }
}
