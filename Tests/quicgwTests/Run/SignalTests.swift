import Foundation
import Testing

@Suite("Signals and the life of a link", .timeLimit(.minutes(2)))
struct SignalTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for arguments in [["init", "certs"], ["issue", "certs", "--core", "localhost"], ["issue", "certs", "--edge", "edge-1"]] {
      #expect(try Command.run(Command.program(), ["certs"] + arguments, in: scratch.path).status == 0)
    }
  }

  @Test("Two signals at once are one wish: it drains")
  func oneWish() throws {
    let server = try RunningProcess(["server", "--listen", "127.0.0.1:0"], in: scratch.path)
    _ = try server.line(with: "listens on")
    server.send(SIGTERM)
    server.send(SIGINT)
    _ = try server.line(with: "drained")
    #expect(server.status() == 0)
  }

  @Test("A second signal tells the other end before the process ends, and is logged as all is")
  func secondSignal() throws {
    // The origin takes the connection and never answers, so that a drain has something to wait for.
    let origin = Process()
    origin.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let script = """
      import socket, time
      s = socket.socket()
      s.bind(('127.0.0.1', 0))
      s.listen()
      print(s.getsockname()[1], flush=True)
      c = s.accept()
      print('taken', flush=True)
      time.sleep(60)
      """
    origin.arguments = ["python3", "-c", script]
    let output = Pipe()
    origin.standardOutput = output
    try origin.run()
    defer { origin.terminate() }
    let originPort = output.line()
    let core = try RunningProcess(
      ["server", "--listen", "127.0.0.1:0", "--service", "a=http://127.0.0.1:\(originPort)", "--log-format", "json"],
      in: scratch.path)
    let corePort = try #require(try core.line(with: "listens on").firstMatch(of: /127\.0\.0\.1:(\d+)/)?.1)
    let edge = try RunningProcess(
      ["edge", "--upstream", "127.0.0.1:\(corePort)", "--server-name", "localhost", "--listen", "127.0.0.1:0"], in: scratch.path)
    let edgePort = try #require(try edge.line(with: "listens on").firstMatch(of: /listens on 127\.0\.0\.1:(\d+)/)?.1)
    _ = try edge.line(with: "is up")
    let client = Process()
    client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    client.arguments = ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:\(edgePort)/')"]
    client.standardError = FileHandle.nullDevice
    try client.run()
    defer { client.terminate() }
    #expect(output.line() == "taken")
    core.send(SIGTERM)
    _ = try core.line(with: "draining")
    Thread.sleep(forTimeInterval: 0.2)
    core.send(SIGTERM)
    #expect(try core.line(with: "a second signal").hasPrefix("{"))
    #expect(core.status() == 1)
    #expect(try edge.line(with: "closed by the peer").contains("shutting down"))
  }

  @Test("An edge without a core says so at once as a warning, and not for each attempt")
  func withoutCore() throws {
    let edge = try RunningProcess(
      ["edge", "--upstream", "no.such.name.invalid:4433", "--listen", "127.0.0.1:0"], in: scratch.path)
    #expect(try edge.line(with: "cannot be resolved").contains("WARNING link to no.such.name.invalid:4433 could not be made"))
    edge.send(SIGTERM)
    #expect(edge.status() == 0)
  }
}

extension Pipe {
  /// The next line without its end; what there is when the writer is gone.
  fileprivate func line() -> String {
    var line = Data()
    while let byte = try? fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8), !byte.isEmpty { line += byte }
    return String(decoding: line, as: UTF8.self)
  }
}
