import Events
import Observability
import Testing

@Suite struct CertificateWatchTests {
  private let day: Int64 = 86_400

  @Test(arguments: [(0, [30, 7, 1, -1]), (1_800, [30, 7, 1, -1]), (20 * 86_400, [20, 7, 1, -1]), (39 * 86_400, [1, -1])] as [(Int64, [Int])])
  func `a certificate is told of 30, 7 and 1 days before its end, then`(start: Int64, days: [Int]) {
    var watch = CertificateWatch()
    var told: [Int] = []
    for hour in 0..<(24 * 50) {
      let now = WallTime(seconds: start + Int64(hour) * 3_600)
      for event in watch.check([CertificateExpiry(name: "edge.pem", expiry: WallTime(seconds: 40 * day))], now: now) {
        if case .certificateExpires("edge.pem", let daysLeft) = event { told.append(daysLeft) }
      }
    }
    #expect(told == days)
  }

  @Test func `a renewed certificate is quiet until its own time`() {
    var watch = CertificateWatch()
    let old = CertificateExpiry(name: "a", expiry: WallTime(seconds: day))
    let renewed = CertificateExpiry(name: "a", expiry: WallTime(seconds: 400 * day))
    #expect(watch.check([old], now: WallTime(seconds: 0)).count == 1)
    #expect(watch.check([renewed], now: WallTime(seconds: 1)).isEmpty)
    #expect(watch.check([old], now: WallTime(seconds: 2)).count == 1)
  }

  @Test func `each certificate is told of by itself`() {
    var watch = CertificateWatch()
    let expiry = WallTime(seconds: day)
    let two = [CertificateExpiry(name: "a", expiry: expiry), CertificateExpiry(name: "b", expiry: expiry)]
    #expect(watch.check(two, now: WallTime(seconds: 0)).count == 2)
    #expect(watch.check(two, now: WallTime(seconds: day - 1)).isEmpty)
  }
}
