@testable import ModuleProxy
import NIOCore
import Testing

/// Whom modules are asked of, and what is made of their answers.
@Suite struct SourceTests {
  @Test func listsAreThoseOfGOPROXY() throws {
    let list = try #require(SourceList("athens, goproxy|mirror"))
    #expect(list.entries.map(\.name) == ["athens", "goproxy", "mirror"])
    #expect(list.entries.map(\.yieldsToErrors) == [false, true, false])
    #expect(SourceList("athens")?.entries.count == 1)
    for text in ["", ",", "a,", ",a", "a,,b", "a|", "a,a", " "] { #expect(SourceList(text) == nil, "\(text)") }
  }

  @Test func whatIsMissingIsAskedOfTheNext() {
    var verdict = SourceVerdict(yieldsToErrors: [false, false, false])
    #expect(verdict.answered(.missing) == .rememberAndGoOn)
    #expect(verdict.current == 1)
    #expect(verdict.answered(.success) == .give)
    var none = SourceVerdict(yieldsToErrors: [false, false])
    #expect(none.answered(.missing) == .rememberAndGoOn)
    #expect(none.answered(.missing) == .give, "the last one's words are the user's")
  }

  @Test func errorsAreTheUsersUnlessTheListSaysOtherwise() {
    var strict = SourceVerdict(yieldsToErrors: [false, false])
    #expect(strict.answered(.error) == .give)
    var lenient = SourceVerdict(yieldsToErrors: [true, false, false])
    #expect(lenient.answered(.error) == .rememberAndGoOn)
    #expect(lenient.answered(.missing) == .goOn, "that it failed says more")
    #expect(lenient.answered(.missing) == .giveRemembered)
    var two = SourceVerdict(yieldsToErrors: [true, true])
    #expect(two.answered(.error) == .rememberAndGoOn)
    #expect(two.answered(.error) == .give)
  }

  @Test func statusesAreThoseOfTheGoCommand() {
    let outcomes = [200, 206, 404, 410, 403, 302, 500].map(SourceVerdict.Outcome.init(status:))
    #expect(outcomes == [.success, .success, .missing, .missing, .error, .error, .error])
  }

  @Test func oneThatFailsDoesNotKeepOthersAway() {
    var rest = SourceRest()
    let now = NIODeadline.uptimeNanoseconds(1)
    rest.failed("a", now: now)
    #expect(rest.holds("a", now: now + .seconds(4)))
    #expect(!rest.holds("a", now: now + .seconds(5)))
    #expect(!rest.holds("b", now: now))
    rest.failed("b", now: now)
    rest.failed("c", now: now)
    #expect(rest.holds("d", now: now), "it is the way that is broken")
    rest.answered("e")
    #expect(!rest.holds("d", now: now))
    #expect(rest.holds("a", now: now))
  }
}

@Suite struct RedirectTests {
  private func redirect(_ location: String, scheme: Redirect.Scheme = .http) -> Redirect? {
    Redirect(location, scheme: scheme, authority: "origin.example:3000", path: "/base/m/@v/v1.0.0.zip?x=1")
  }

  @Test(arguments: [
    ("https://CDN.example/a/b?sig=1#part", "https", "cdn.example", 443, "/a/b?sig=1"),
    ("//cdn.example:81/a", "http", "cdn.example", 81, "/a"),
    ("/other", "http", "origin.example", 3000, "/other"), ("v1.zip", "http", "origin.example", 3000, "/base/m/@v/v1.zip"),
    ("?y", "http", "origin.example", 3000, "/base/m/@v/v1.0.0.zip?y"),
    ("http://[2001:db8::1]:8080", "http", "2001:db8::1", 8080, "/"),
    ("HTTP://a.example?q", "http", "a.example", 80, "/?q"),
  ])
  func locationsAreReadAsURLs(_ location: String, _ scheme: String, _ host: String, _ port: UInt16, _ path: String) throws {
    let read = try #require(redirect(location))
    #expect((read.scheme.rawValue, read.host, read.port, read.path) == (scheme, host, port, path))
  }

  @Test(arguments: [
    "", "ftp://a.example/x", "file:///etc/passwd", "javascript:x", "https://user@a.example/", "https://a.example:0/",
    "https:///x",
    "https://a b/", "https://a.example:99999/", "https://a.example\\@b/", "https://a.example:+80/", "/x\r\ny",
  ])
  func whatIsNoneIsNotFollowed(_ location: String) { #expect(redirect(location) == nil) }

  @Test func hostsAreComparedWithTheirPorts() throws {
    let target = try #require(redirect("https://cdn.example/x"))
    #expect(try #require(RedirectHost("CDN.example")).takes(target))
    #expect(try #require(RedirectHost("cdn.example:443")).takes(target))
    #expect(!(try #require(RedirectHost("cdn.example:8443")).takes(target)))
    #expect(!(try #require(RedirectHost("example")).takes(target)))
    for text in ["", "a/b", "a:b", "a:0", "[::1", "[::1]x", "a b", ".a", "u@a"] { #expect(RedirectHost(text) == nil, "\(text)") }
  }
}
