public import Events

/// Says of certificates that they are about to expire: 30, 7 and 1 days before, and when they have. A pure value, time is passed
/// in.
public struct CertificateWatch {
  private var told: [String: Told] = [:]

  public init() {}

  /// The events that are due: for each certificate at most one, also when a process starts later than its stages began.
  /// - Parameters:
  ///   - certificates: those in use now; a renewed one is told of anew when its own time comes.
  ///   - now: asked about once an hour.
  public mutating func check(_ certificates: [CertificateExpiry], now: WallTime) -> [Event] {
    certificates.compactMap { certificate in
      let left = certificate.expiry.seconds - now.seconds
      let stage = Self.stageDays.count { left <= $0 * Self.secondsOfDay }
      let last = told[certificate.name]
      told[certificate.name] = Told(expiry: certificate.expiry, stage: stage)
      guard stage > (last?.expiry == certificate.expiry ? last?.stage ?? 0 : 0) else { return nil }
      // To the nearest day: the stage of 30 days is noticed up to an hour after it began.
      let days = left <= 0 ? -1 : Int((left + Self.secondsOfDay / 2) / Self.secondsOfDay)
      return .certificateExpires(name: certificate.name, daysLeft: days)
    }
  }

  private struct Told {
    let expiry: WallTime
    /// How many of the stages have begun.
    let stage: Int
  }

  private static let secondsOfDay: Int64 = 86_400
  private static let stageDays: [Int64] = [30, 7, 1, 0]
}
