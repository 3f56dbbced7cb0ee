import Events
import Observability
import Testing

@Suite struct CertificateWatchTests {
  private let day: Int64 = 86_400

  @Test func `a certificate is told of once a day from two weeks before`() {
    var watch = CertificateWatch()
    var told: [String] = []
    for hour in 0..<(24 * 20) {
      let now = WallTime(seconds: Int64(hour) * 3_600)
      for event in watch.check([CertificateExpiry(name: "edge.pem", expiry: WallTime(seconds: 16 * day))], now: now) {
        guard case .certificateExpires(let name, let daysLeft) = event else { continue }
        told.append("\(name) \(daysLeft)")
      }
    }
    #expect(told == (-1...13).reversed().map { "edge.pem \($0)" } + ["edge.pem -1", "edge.pem -1", "edge.pem -1"])
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
