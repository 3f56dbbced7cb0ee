import Foundation
import Testing

@Suite("A server process", .timeLimit(.minutes(2)))
struct ServerProcessTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func issueCertificates() throws {
    for arguments in [["init", "certs"], ["issue", "certs", "--core", "localhost"], ["issue", "certs", "--edge", "edge-1"]] {
      #expect(try Command.run(Command.program(), ["certs"] + arguments, in: scratch.path).status == 0)
    }
  }

  private func startServer(_ arguments: String...) throws -> RunningProcess {
    try RunningProcess(["server", "--listen", "127.0.0.1:0"] + arguments, in: scratch.path)
  }

  @Test("Without certificates the advice is how to make them", arguments: ["server", "edge"])
  func withoutCertificates(role: String) throws {
    let arguments = role == "server" ? ["server", "--service", "a=http://127.0.0.1:1"] : ["edge", "--upstream", "localhost:4433"]
    let command = try Command.run(Command.program(), arguments, in: scratch.path)
    #expect(command.status == 2)
    #expect(command.errorLines.count == 1, "\(command.errors)")
    #expect(command.errors.contains("quicgw certs init"), "\(command.errors)")
  }

  @Test(
    "A mistake in the flags is one sentence and status 2",
    arguments: [
      (["server", "--service", "a"], "NAME=URL"), (["server", "--service", "a=ftp://x"], "http://"),
      (["server", "--listen", "nowhere", "--service", "a=http://x"], "--listen"),
      (["server", "--log-level", "loud", "--service", "a=http://x"], "trace, debug"), (["edge"], "--upstream"),
      (["edge", "--upstream", "localhost"], "host:port"), (["server", "--config", "none.yaml"], "none.yaml"),
      (
        ["edge", "--upstream", "a:1", "--listen", "127.0.0.1:8090", "--admin", "127.0.0.1:8090"],
        "--admin: 127.0.0.1:8090 is taken by"
      ),
      (["edge", "--upstream", "a:1", "--listen", "no.such.name.invalid:1"], "--listen: no.such.name.invalid:1 is no address"),
      (["server", "--cert", "certs/core.pem", "--key", "certs/edge.key", "--service", "a=http://x"], "not the key of"),
      (["server", "--cert", "certs/edge.pem", "--key", "certs/edge.key", "--service", "a=http://x"], "not for servers"),
    ])
  func mistakes(arguments: [String], words: String) throws {
    try issueCertificates()
    let command = try Command.run(Command.program(), arguments, in: scratch.path)
    #expect(command.status == 2)
    #expect(command.errorLines.count == 1, "\(command.errors)")
    #expect(command.errors.contains(words), "\(command.errors)")
  }

  @Test("check says what a good file means, and of a bad one where and what is wrong")
  func check() throws {
    try issueCertificates()
    try scratch.write("good.yaml", "listen: \"[::]:4433\"\nservices:\n  modules: http://127.0.0.1:3000\n")
    let good = try Command.quicgw("check", "good.yaml", in: scratch.path)
    #expect(good.status == 0, "\(good.errors)")
    #expect(good.output.contains("[::]:4433") && good.output.contains("modules"))
    try scratch.write("bad.yaml", "listen: \"[::]:4433\"\nservics:\n  modules: http://127.0.0.1:3000\n")
    let bad = try Command.quicgw("check", "bad.yaml", in: scratch.path)
    #expect(bad.status == 2)
    #expect(bad.errorLines.count == 1)
    #expect(bad.errors.contains("bad.yaml:2") && bad.errors.contains("services"), "\(bad.errors)")
  }

  @Test("It says what it listens on, drains at SIGTERM and ends with status 0", arguments: [SIGTERM, SIGINT])
  func drain(signal: Int32) throws {
    try issueCertificates()
    let server = try startServer("--service", "a=http://127.0.0.1:1")
    #expect(try server.line(with: "listens on").contains("127.0.0.1:"))
    server.send(signal)
    _ = try server.line(with: "draining")
    #expect(server.status() == 0)
  }

  @Test("Without a service it starts with a warning; the line of its start is there at every level and names what it links to")
  func startLine() throws {
    try issueCertificates()
    let bare = try startServer()
    #expect(try bare.line(with: "WARNING").contains("no service is configured"))
    #expect(try bare.line(with: "listens on").contains("links to no service"))
    let quiet = try startServer(
      "--log-level", "critical", "--service", "a=http://127.0.0.1:1", "--service", "a=http://127.0.0.1:2")
    let started = try quiet.line(with: "listens on")
    #expect(started.contains("links to a (http://127.0.0.1:1, http://127.0.0.1:2), identity localhost"))
  }

  @Test("A port that another process has is status 2 and names the flag or the key")
  func portInUse() throws {
    try issueCertificates()
    let first = try startServer("--service", "a=http://127.0.0.1:1")
    let started = try first.line(with: "listens on")
    let port = try #require(started.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.1)
    let second = try Command.quicgw(
      "server", "--listen", "127.0.0.1:\(port)", "--service", "a=http://127.0.0.1:1", in: scratch.path)
    #expect(second.status == 2)
    #expect(second.errors.contains("--listen: UDP 127.0.0.1:\(port) cannot be listened on"), "\(second.errors)")
    try scratch.write("core.yaml", "loops: 1\nlisten: 127.0.0.1:\(port)\n")
    let third = try Command.quicgw("server", "--config", "core.yaml", in: scratch.path)
    #expect(third.status == 2)
    #expect(third.errors.contains("core.yaml:2: listen: UDP 127.0.0.1:\(port) cannot"), "\(third.errors)")
  }

  @Test("SIGHUP reloads; a bad file changes nothing, is logged, and the next good one is taken")
  func reload() throws {
    try issueCertificates()
    try scratch.write("core.yaml", "services:\n  a: http://127.0.0.1:1\n")
    let server = try startServer("--config", "core.yaml")
    _ = try server.line(with: "listens on")
    server.send(SIGHUP)
    _ = try server.line(with: "reloaded")
    try scratch.write("core.yaml", "services:\n  a: nonsense\n")
    #expect(try server.line(with: "not reloaded").contains("core.yaml:2"))
    try scratch.write("core.yaml", "services:\n  a: http://127.0.0.1:2\n")
    _ = try server.line(with: "reloaded services")
    server.send(SIGTERM)
    #expect(server.status() == 0)
  }

  @Test("A renewed certificate is taken without a signal; what needs a new start is named")
  func changedFiles() throws {
    try issueCertificates()
    try scratch.write("core.yaml", "services:\n  a: http://127.0.0.1:1\n")
    let server = try startServer("--config", "core.yaml")
    _ = try server.line(with: "listens on")
    #expect(try Command.quicgw("certs", "issue", "certs", "--core", "localhost", "--force", in: scratch.path).status == 0)
    _ = try server.line(with: "reloaded certificate")
    try scratch.write("core.yaml", "loops: 1\nservices:\n  a: http://127.0.0.1:1\n")
    #expect(try server.line(with: "takes effect at the next start").contains("a change of loops takes"))
  }

  @Test("The CA of a service's origins is watched too")
  func changedOriginAuthorities() throws {
    try issueCertificates()
    try scratch.write("origin-ca.pem", try scratch.text("certs/ca.pem"))
    try scratch.write("core.yaml", "services:\n  a: {origins: \"https://127.0.0.1:1\", ca: origin-ca.pem}\n")
    let server = try startServer("--config", "core.yaml")
    _ = try server.line(with: "listens on")
    try scratch.write("origin-ca.pem", try scratch.text("certs/ca.pem") + "\n")
    _ = try server.line(with: "reloaded services")
    server.send(SIGTERM)
    #expect(server.status() == 0)
  }
}
