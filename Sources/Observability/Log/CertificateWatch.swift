public import Events

/// Says of certificates that they are about to expire: once a day each, from two weeks before. A pure value, time is passed in.
public struct CertificateWatch {
  private var told: [String: WallTime] = [:]

  public init() {}

  /// The events that are due.
  /// - Parameters:
  ///   - certificates: those in use now; a renewed one is told of anew when its own time comes.
  ///   - now: asked about once an hour.
  public mutating func check(_ certificates: [CertificateExpiry], now: WallTime) -> [Event] {
    certificates.compactMap { certificate in
      let left = certificate.expiry.seconds - now.seconds
      guard left < Self.warningSeconds else {
        told[certificate.name] = nil
        return nil
      }
      if let last = told[certificate.name], now.seconds - last.seconds < Self.secondsOfDay { return nil }
      told[certificate.name] = now
      let days = left < 0 ? -1 : Int(left / Self.secondsOfDay)
      return .certificateExpires(name: certificate.name, daysLeft: days)
    }
  }

  private static let secondsOfDay: Int64 = 86_400
  private static let warningSeconds = 14 * secondsOfDay
}
