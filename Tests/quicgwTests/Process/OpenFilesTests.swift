import Foundation
import NIOCore
import NIOPosix
import Testing

@Suite("Open files", .timeLimit(.minutes(2)))
struct OpenFilesTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for arguments in [["init", "certs"], ["issue", "certs", "--edge", "edge-1"]] {
      #expect(try Command.run(Command.program(), ["certs"] + arguments, in: scratch.path).status == 0)
    }
  }

  private func startEdge(limits: String) throws -> RunningProcess {
    try RunningProcess(["edge", "--upstream", "127.0.0.1:9", "--listen", "127.0.0.1:0"], in: scratch.path, limits: limits)
  }

  private func port(_ edge: RunningProcess) throws -> Int {
    let port = try edge.line(with: "listens on").firstMatch(of: /listens on 127\.0\.0\.1:(\d+)/)?.1
    return try #require(port.flatMap { Int($0) })
  }

  @Test("The soft limit is raised to the hard one")
  func raised() throws {
    let edge = try startEdge(limits: "ulimit -Sn 100 && ulimit -Hn 300")
    _ = try port(edge)
    let line = try edge.facts("limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
    #expect(line?.split(separator: " ").dropFirst(3).prefix(2) == ["300", "300"])
  }

  @Test("Connections beyond the limit wait, are told of, and are taken when there is room")
  func exhausted() async throws {
    let edge = try startEdge(limits: "ulimit -n 64")
    let port = try port(edge)
    var clients: [any Channel] = []
    for _ in 0..<80 {
      let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      clients.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get())
    }
    let told = try edge.line(with: "could not take a connection")
    #expect(told.contains("ulimit -n"), "\(told)")
    let before = try (ticks: edge.processorTicks(), time: ContinuousClock.now)
    try await Task.sleep(for: .milliseconds(500))
    // On a busy machine the sleep is longer, and the edge dials meanwhile.
    let hundredths = (ContinuousClock.now - before.time) / .milliseconds(10)
    #expect(try Double(edge.processorTicks() - before.ticks) < 0.4 * hundredths, "the accept loop spins")
    for client in clients.dropLast() {
      // The edge may have closed it for want of a request.
      do { try await client.close() } catch ChannelError.alreadyClosed {}
    }
    // The last one was waiting: it is taken now, and closed by the edge after its time for a head.
    try await clients[79].writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
    try await clients[79].closeFuture.get()
  }
}

extension RunningProcess {
  /// User and system time, in hundredths of a second.
  fileprivate func processorTicks() throws -> Int {
    let fields = try facts("stat").split(separator: ")").last?.split(separator: " ") ?? []
    return [11, 12].compactMap { fields.count > $0 ? Int(fields[$0]) : nil }.reduce(0, +)
  }
}
