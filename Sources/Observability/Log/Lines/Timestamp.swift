/// Writes RFC 3339 times in UTC with milliseconds, `2026-02-28T12:34:56.789Z`.
///
/// The part up to the second is kept between calls: a busy access log formats a date once a second.
struct Timestamp {
  private var second: Int64?
  private var prefix: [UInt8] = []

  mutating func append(_ time: WallTime, to bytes: inout [UInt8]) {
    if second != time.seconds {
      second = time.seconds
      prefix = Self.prefix(of: time.seconds)
    }
    bytes.append(contentsOf: prefix)
    let milliseconds = Int(time.nanoseconds) / 1_000_000
    Self.append(milliseconds, digits: 3, to: &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  /// One time, for those who write few.
  static func text(milliseconds: Int64) -> String {
    let seconds = milliseconds.flooredQuotient(1_000)
    var bytes: [UInt8] = []
    var stamp = Timestamp()
    stamp.append(WallTime(seconds: seconds, nanoseconds: Int32(milliseconds - seconds * 1_000) * 1_000_000), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `2026-02-28T12:34:56.` of a second; the civil date by Howard Hinnant's `civil_from_days`.
  private static func prefix(of seconds: Int64) -> [UInt8] {
    let days = seconds.flooredQuotient(86_400)
    let secondOfDay = Int(seconds - days * 86_400)
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

    var bytes: [UInt8] = []
    let parts: [(value: Int, digits: Int, end: UInt8)] = [
      (Int(year), 4, UInt8(ascii: "-")), (Int(month), 2, UInt8(ascii: "-")), (Int(day), 2, UInt8(ascii: "T")),
      (secondOfDay / 3_600, 2, UInt8(ascii: ":")), (secondOfDay / 60 % 60, 2, UInt8(ascii: ":")),
      (secondOfDay % 60, 2, UInt8(ascii: ".")),
    ]
    for part in parts {
      append(part.value, digits: part.digits, to: &bytes)
      bytes.append(part.end)
    }
    return bytes
  }

  private static func append(_ value: Int, digits: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}

extension Int64 {
  fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
  }
}
