import Logging
import Testing

@testable import Observability

@Suite struct LogLineTests {
  @Test func `a text line is time, level, sentence and pairs in the order of their keys`() {
    #expect(
      line(.text, .info, "it is done", ["b": "two words", "a": "1"])
        == #"2024-02-29T12:00:00.007Z INFO it is done a=1 b="two words""# + "\n")
    #expect(line(.text, .error, "it failed") == "2024-02-29T12:00:00.007Z ERROR it failed\n")
  }

  @Test func `a JSON line is one object with stable keys`() {
    #expect(
      line(.json, .warning, "it is done", ["b": "two", "a": "1"])
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"warning","message":"it is done","a":"1","b":"two"}"# + "\n")
  }

  @Test func `numbers, truth values and durations are not strings`() {
    let metadata: Logger.Metadata = [
      "count": .stringConvertible(5), "ok": .stringConvertible(true), "ms": .stringConvertible(Duration.microseconds(1_500)),
      "list": ["x", "y"],
    ]
    #expect(
      line(.json, .info, "m", metadata)
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"info","message":"m","count":5,"list":["x","y"],"ms":1.500,"ok":true}"#
        + "\n")
  }

  @Test func `nothing from outside ends a line or controls a terminal`() {
    let hostile = "a\nlevel=error\r\u{1b}[31m\0\u{7f}\u{9b}2J\"\\"
    #expect(
      line(.text, .info, hostile, ["k": .string(hostile)])
        == #"2024-02-29T12:00:00.007Z INFO a\nlevel=error\x0d\x1b[31m\x00\x7f\x9b2J"\ k="a\nlevel=error\x0d\x1b[31m\x00\x7f\x9b2J\"\\""#
        + "\n")
    #expect(
      line(.json, .info, hostile)
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"info","message":"a\nlevel=error\u000d\u001b[31m\u0000\u007f\u009b2J\"\\"}"#
        + "\n")
  }

  @Test func `letters of all languages are as they are`() {
    #expect(line(.text, .info, "zażółć gęślą jaźń ☃ 日本") == "2024-02-29T12:00:00.007Z INFO zażółć gęślą jaźń ☃ 日本\n")
  }

  @Test func `metadata cannot replace the line's own keys`() {
    #expect(
      line(.json, .info, "m", ["level": "x", "time": "y"])
        == #"{"time":"2024-02-29T12:00:00.007Z","level":"info","message":"m","_level":"x","_time":"y"}"# + "\n")
  }

  @Test func `metadata of the entry wins over the logger's`() {
    let output = MemoryOutput()
    var logger = Logger(label: "test") { _ in
      LineLogHandler(settings: LogSettings(), output: output, clock: { sampleTime })
    }
    logger[metadataKey: "k"] = "logger"
    logger.info("m")
    logger.info("m", metadata: ["k": "entry"])
    logger.debug("not written")
    #expect(output.lines.map { $0.suffix(7) } == ["=logger", "k=entry"])
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
    (1_709_251_199, "2024-02-29T23:59:59.000Z"), (4_107_542_399, "2100-02-28T23:59:59.000Z"),
    (4_107_542_400, "2100-03-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z"), (1_767_225_599, "2025-12-31T23:59:59.000Z"),
  ])
  func `times are RFC 3339 in UTC`(seconds: Int64, text: String) {
    var timestamp = Timestamp()
    var bytes: [UInt8] = []
    timestamp.append(WallTime(seconds: seconds), to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test func `a new second makes a new date, milliseconds change within it`() {
    var timestamp = Timestamp()
    var bytes: [UInt8] = []
    for (seconds, nanoseconds) in [(59, 0), (59, 999_999_999), (60, 1_000_000)] as [(Int64, Int32)] {
      timestamp.append(WallTime(seconds: seconds, nanoseconds: nanoseconds), to: &bytes)
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "1970-01-01T00:00:59.000Z1970-01-01T00:00:59.999Z1970-01-01T00:01:00.001Z")
  }

  @Test func `durations are milliseconds with three decimals`() {
    #expect(Duration.microseconds(3_120).millisecondsText == "3.120")
    #expect(Duration.nanoseconds(999).millisecondsText == "0.000")
    #expect(Duration.seconds(61).millisecondsText == "61000.000")
    #expect(Duration.microseconds(-5).millisecondsText == "0.000")
  }

  private func line(_ format: LogFormat, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
    let output = MemoryOutput()
    let logger = Logger(label: "test") { _ in
      LineLogHandler(settings: LogSettings(format: format), output: output, clock: { sampleTime })
    }
    logger.log(level: level, "\(message)", metadata: metadata)
    return output.text
  }
}
