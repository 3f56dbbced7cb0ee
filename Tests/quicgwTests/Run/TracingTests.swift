import Foundation
import Testing

@Suite("What is recorded of connections", .timeLimit(.minutes(2)))
struct TracingTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for arguments in [["init", "certs"], ["issue", "certs", "--core", "localhost"], ["issue", "certs", "--edge", "edge-1"]] {
      #expect(try Command.run(Command.program(), ["certs"] + arguments, in: scratch.path).status == 0)
    }
  }

  /// A core and an edge that have linked and been stopped.
  private func linkOnce(_ flags: String..., environment: [String: String] = [:]) throws {
    let core = try RunningProcess(
      ["server", "--listen", "127.0.0.1:0", "--service", "a=http://127.0.0.1:1"] + flags, in: scratch.path,
      environment: environment)
    let started = try core.line(with: "listens on")
    let port = try #require(started.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.1)
    let edge = try RunningProcess(
      ["edge", "--upstream", "localhost:\(port)", "--listen", "127.0.0.1:0"] + flags, in: scratch.path, environment: environment)
    _ = try edge.line(with: "link to", "is up")
    for process in [edge, core] {
      process.send(SIGTERM)
      #expect(process.status() == 0)
    }
  }

  private func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: scratch.file(name), withIntermediateDirectories: true)
  }

  @Test("Both ends of a connection write a qlog file of the same name, whole when the process has ended")
  func qlog() throws {
    try makeFolder("traces")
    try linkOnce("--qlog", "traces")
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.file("traces")).sorted()
    // An edge tries each address of a name; the one that wins is the one that the core knows.
    let server = try #require(files.first { $0.hasSuffix("_server.sqlog") }, "\(files)")
    let client = server.replacing("_server", with: "_client")
    #expect(files.contains(client), "\(files)")
    for file in [server, client] {
      #expect(try scratch.mode("traces/\(file)") == 0o600)
      let records = try scratch.text("traces/\(file)").split(separator: "\u{1e}").map { record in
        try #require(try JSONSerialization.jsonObject(with: Data(record.utf8)) as? [String: Any])
      }
      #expect(records.first?["qlog_format"] as? String == "JSON-SEQ")
      let packets = records.filter { ($0["name"] as? String)?.hasPrefix("transport:packet_") == true }
      let names = Set(packets.compactMap { $0["name"] as? String })
      #expect(names.isSuperset(of: ["transport:packet_sent", "transport:packet_received"]))
      let frames = try #require((packets.last?["data"] as? [String: Any])?["frames"] as? [[String: Any]])
      #expect(frames.contains { $0["frame_type"] as? String == "connection_close" }, "\(file): \(frames)")
    }
  }

  @Test("Keys are written where SSLKEYLOGFILE says, for their owner alone, and only with --keylog")
  func keys() throws {
    let environment = ["SSLKEYLOGFILE": scratch.file("keys")]
    try linkOnce(environment: environment)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("keys")))

    try linkOnce("--keylog", environment: environment)
    #expect(try scratch.mode("keys") == 0o600)
    let labels = try scratch.text("keys").split(separator: "\n").compactMap { $0.split(separator: " ").first }
    for label in ["HANDSHAKE_TRAFFIC_SECRET", "TRAFFIC_SECRET_0"] {
      for side in ["CLIENT", "SERVER"] {
        // One line of each end.
        #expect(labels.count { $0 == "\(side)_\(label)" } >= 2, "\(labels)")
      }
    }
  }

  @Test("--keylog without a file that can be written is one sentence and status 2", arguments: [
    ([:], "name it in the environment, as in SSLKEYLOGFILE="), (["SSLKEYLOGFILE": ""], "name it in the environment"),
    (
      ["SSLKEYLOGFILE": "no/such/folder"],
      "no/such/folder, which SSLKEYLOGFILE names, cannot be written: No such file or directory"
    ),
    (["SSLKEYLOGFILE": "certs"], "certs, which SSLKEYLOGFILE names, cannot be written: Is a directory"),
    (["SSLKEYLOGFILE": "certs/ca.pem"], "certs/ca.pem, which SSLKEYLOGFILE names, is open to others"),
    (["SSLKEYLOGFILE": "link"], "link, which SSLKEYLOGFILE names, cannot be written: Too many levels of symbolic links"),
  ])
  func keysWithoutAFile(environment: [String: String], words: String) throws {
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: scratch.file("elsewhere"))
    for arguments in [["server", "--service", "a=http://127.0.0.1:1"], ["edge", "--upstream", "localhost:1"]] {
      let command = try Command.run(Command.program(), arguments + ["--keylog"], in: scratch.path, environment: environment)
      #expect(command.status == 2)
      #expect(command.errorLines.count == 1 && command.errors.contains(words), "\(command.errors)")
    }
  }

  @Test("A folder for traces that is none is one sentence and status 2, with check as with a start")
  func qlogWithoutAFolder() throws {
    let started = try Command.quicgw("edge", "--upstream", "localhost:1", "--qlog", "none", in: scratch.path)
    #expect(started.status == 2)
    #expect(started.errors.contains("--qlog: the folder none does not exist"), "\(started.errors)")
    try scratch.write("core.yaml", "services:\n  a: http://127.0.0.1:1\nqlog: certs/ca.pem\n")
    let checked = try Command.quicgw("check", "core.yaml", in: scratch.path)
    #expect(checked.status == 2)
    #expect(checked.errors.contains("core.yaml:3: qlog: certs/ca.pem is not a folder"), "\(checked.errors)")
  }
}
