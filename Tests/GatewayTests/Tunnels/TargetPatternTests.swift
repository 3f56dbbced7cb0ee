import Testing

@testable import Gateway

@Suite struct TargetPatternTests {
  @Test(arguments: [
    ("db.internal:5432", "db.internal:5432", true), ("DB.internal:5432", "db.internal:5432", true),
    ("db.internal:5432", "db.internal:5433", false), ("db.internal:5432", "x.db.internal:5432", false),
    ("*.internal:443", "a.internal:443", true), ("*.internal:443", "a.b.internal:443", true),
    ("*.internal:443", "internal:443", false), ("*.internal:443", "evilinternal:443", false),
    ("*.internal:443", "a.internal.:443", false), ("*.internal:443", ".internal:443", false),
    ("*.internal:*", "a.internal:1", true), ("*:22", "10.0.0.1:22", true), ("*:22", "[::1]:22", true), ("*:22", "a:23", false),
    ("*:*", "a:1", true), ("[::1]:5432", "[::1]:5432", true), ("[::1]:5432", "[::2]:5432", false),
    ("10.0.0.1:5432", "10.0.0.1:5432", true),
  ])
  func meansWhatItSays(pattern: String, target: String, expected: Bool) throws {
    let target = try #require(TunnelTarget(Array(target.utf8)[...]))
    #expect(try #require(TargetPattern(pattern)).matches(target) == expected)
  }

  @Test(arguments: [
    "", ":", "db", "db:", ":443", "db:0", "db:65536", "db:x", "db:-1", "db:+443", "db:0443", "db:４４３", "*internal:443", "a.*.internal:443", "*.:443", "**:1", "*.10.0.0.1:1",
    "http://db:1", "db:1/x", "a b:1", "db:*1", "a%41:1",
  ])
  func aTextThatCouldMeanNothingIsNone(text: String) {
    #expect(TargetPattern(text) == nil)
  }
}
