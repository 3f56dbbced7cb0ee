import Foundation
import Observability
import Synchronization
import Testing

@Suite struct TraceFolderTests {
  private let path: String
  private let reports = Reports()

  init() throws {
    path = NSTemporaryDirectory() + "quicgw-traces-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// What was said about traces that could not be written.
  private final class Reports: Sendable {
    let all = Mutex<[String]>([])
  }

  /// Does nothing until it is told to, like a disk that hangs.
  private final class LazyWorker: Sendable {
    private let work = Mutex<[@Sendable () -> Void]>([])

    func add(_ item: @escaping @Sendable () -> Void) { work.withLock { $0.append(item) } }

    func run() {
      while true {
        let items = work.withLock { items in
          defer { items = [] }
          return items
        }
        if items.isEmpty { return }
        for item in items { item() }
      }
    }
  }

  private func folder(
    at path: String? = nil, limit: Int = 1 << 20, worker: @escaping TraceFolder.Worker = { $0() }
  ) -> TraceFolder {
    TraceFolder(path: path ?? self.path, backlogLimit: limit, worker: worker) { [reports] file, reason in
      reports.all.withLock { $0.append("\(file): \(reason)") }
    }
  }

  private var files: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  private func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  @Test func recordsComeIntoAFileOfTheirConnectionInOrder() throws {
    let folder = folder()
    let (one, other) = (folder.trace("aa_client"), folder.trace("bb_server"))
    #expect(try files == [])
    for number in 0..<100 {
      one.write(Array("1.\(number)\n".utf8))
      other.write(Array("2.\(number)\n".utf8))
    }
    one.end()
    other.end()
    #expect(try files == ["aa_client.sqlog", "bb_server.sqlog"])
    #expect(try text("aa_client.sqlog") == (0..<100).map { "1.\($0)\n" }.joined())
    #expect(try text("bb_server.sqlog") == (0..<100).map { "2.\($0)\n" }.joined())
    let mode = try FileManager.default.attributesOfItem(atPath: "\(path)/aa_client.sqlog")[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(reports.all.withLock { $0 } == [])
  }

  @Test func aConnectionOfWhichNothingIsToldLeavesNoFile() throws {
    folder().trace("aa_server").end()
    #expect(try files == [])
  }

  @Test func aFileOfAnEarlierConnectionStays() throws {
    for text in ["one", "two", "three"] {
      let trace = folder().trace("aa_server")
      trace.write(Array(text.utf8))
      trace.end()
    }
    #expect(try files == ["aa_server-2.sqlog", "aa_server-3.sqlog", "aa_server.sqlog"])
    #expect(try text("aa_server.sqlog") == "one" && text("aa_server-3.sqlog") == "three")
  }

  @Test func aFolderThatIsGoneIsToldOnceATrace() throws {
    let folder = folder(at: path + "/none")
    let trace = folder.trace("aa_client")
    for _ in 0..<10 { trace.write([1]) }
    trace.end()
    #expect(reports.all.withLock { $0 } == ["\(path)/none/aa_client.sqlog: No such file or directory"])
  }

  @Test func whatWaitsHasALimit() throws {
    let worker = LazyWorker()
    let folder = folder(limit: 1_000, worker: worker.add)
    let (slow, other) = (folder.trace("aa_client"), folder.trace("bb_client"))
    for _ in 0..<12 { slow.write([UInt8](repeating: 1, count: 100)) }
    worker.run()
    #expect(reports.all.withLock { $0 } == ["\(path)/aa_client.sqlog: the disk is slower than the trace"])
    // There is room again, for others.
    other.write([UInt8](repeating: 2, count: 900))
    slow.write([UInt8](repeating: 1, count: 100))
    slow.end()
    other.end()
    worker.run()
    #expect(reports.all.withLock { $0.count } == 1)
    #expect(try text("bb_client.sqlog").utf8.count == 900)
    // What was taken before is there.
    #expect(try text("aa_client.sqlog").utf8.count == 1_000)
  }
}
