import NIOCore
@testable import QUICTransport
import Testing

/// The decisions that are plain values: no connection is needed to see them.
@Suite struct PolicyTests {
  private let a = NetworkPath(local: .server, remote: .client)
  private let b = NetworkPath(local: .server, remote: Address(ipAddress: "198.51.100.2", port: 2)!)
  private let c = NetworkPath(local: .server, remote: Address(ipAddress: "198.51.100.3", port: 3)!)

  @Test func whileAPathIsValidatedAClientThatMovesItselfIsHeardOnlyThereAndOnTheFormerOne() {
    var guardian = PathGuard()
    func admitted() -> [NetworkPath] { [a, b, c].filter { guardian.admits($0, hasUsualID: false) } }
    #expect(admitted() == [a, b, c])
    guardian.moved(from: a, to: b, until: time(100))
    #expect(admitted() == [a, b])
    guardian.validated(b, until: time(50))
    #expect(admitted() == [b])
    guardian.wrote(at: time(49))
    #expect(admitted() == [b])
    guardian.wrote(at: time(50))
    #expect(admitted() == [a, b, c])
  }

  @Test func aNATThatRebindsAgainIsFollowedButNotBackWhileAPathSettles() {
    var guardian = PathGuard()
    func admitted() -> [NetworkPath] { [a, b, c].filter { guardian.admits($0, hasUsualID: true) } }
    guardian.moved(from: a, to: b, until: time(100))
    #expect(admitted() == [a, b, c])
    guardian.validated(b, until: time(50))
    #expect(admitted() == [b, c])
    guardian.moved(from: b, to: c, until: time(100))
    guardian.validated(c, until: time(100))
    #expect(admitted() == [c])
  }

  @Test func aFailedValidationLeadsBack() {
    var guardian = PathGuard()
    guardian.moved(from: a, to: b, until: time(100))
    #expect(guardian.abandoned(c) == nil)
    #expect(guardian.abandoned(b) == a)
    #expect(guardian.admits(c, hasUsualID: false))
  }

  @Test func aValidatedPathIsTheOneThatAFailureLeadsBackTo() {
    var guardian = PathGuard()
    guardian.moved(from: a, to: b, until: time(100))
    guardian.validated(b, until: time(50))
    #expect(!guardian.isSettled)
    guardian.moved(from: b, to: c, until: time(100))
    #expect(guardian.abandoned(c) == b)
    #expect(guardian.isSettled)
  }

  @Test func aClosingPeriodAnswersLessAndLessOften() {
    var period = ClosingPeriod(datagram: [1], path: a, end: time(1000))
    #expect(period.owesDatagram)
    period.sent()
    var answered: [Int] = []
    for count in 1...40 {
      period.received()
      if period.owesDatagram {
        answered.append(count)
        period.sent()
      }
    }
    #expect(answered == [1, 3, 7, 15, 31])
  }

  @Test func aBucketGivesSoMuchASecondAndNoMoreAtOnce() {
    var bucket = TokenBucket(perSecond: 10)
    func take(at second: UInt64) -> Int {
      var count = 0
      while bucket.take(now: .uptimeNanoseconds(second * 1_000_000_000)), count < 100 { count += 1 }
      return count
    }
    #expect(take(at: 1) == 10)
    #expect(take(at: 1) == 0)
    #expect(take(at: 2) == 10)
    #expect(take(at: 1000) == 10)
  }

  @Test func addressesAreEqualWhenTheWayIs() throws {
    let v4 = try #require(Address(ipAddress: "192.0.2.1", port: 443))
    let v6 = try #require(Address(ipAddress: "2001:db8::1", port: 443))
    #expect(v4.description == "192.0.2.1:443")
    #expect(v6.description == "[2001:db8::1]:443")
    #expect(v4.port == 443 && v6.port == 443 && !v4.isIPv6 && v6.isIPv6)
    #expect(v4.withSockaddr { Address(sockaddr: $0) } == v4)
    #expect(v6.withSockaddr { Address(sockaddr: $0) } == v6)
    // A flow label differs from packet to packet and is no part of the way.
    var bytes = v6.withSockaddr { Array($0) }
    bytes[5] = 7
    #expect(bytes.withUnsafeBytes { Address(sockaddr: $0) } == v6)
    #expect(Address(ipAddress: "core.test", port: 1) == nil)
    #expect([UInt8](repeating: 0, count: 28).withUnsafeBytes { Address(sockaddr: $0) } == nil)
  }

  private func time(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second) }
}
