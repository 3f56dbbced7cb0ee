import Exchange
import Foundation
import HTTPMessage
@testable import ModuleProxy
import NIOCore

/// A cache with an origin and clients, in a folder of its own.
final class CacheWorld {
  let executor = TestExecutor()
  let origin = TestOrigin()
  let events = EventRecorder()
  let folder = NSTemporaryDirectory() + "quicgw-cache-\(UInt64.random(in: .min ... .max))"
  private(set) var cache: ModuleCache
  private var clients: [TestClient] = []

  /// - Parameters:
  ///   - memory: what may be held of files while the disk is full.
  ///   - shared: what it shares with its replicas.
  convenience init(
    memory: Int = 256 << 20, shared: TestStore? = nil, _ change: (inout ModuleSettings) -> Void = { _ in }
  ) throws {
    try self.init(memory: memory, shared: shared, sources: { origin, _ in ModuleSources(own: ModuleSource(origin)) }, change)
  }

  /// - Parameter sources: makes them of the origin, on the loop.
  init(
    memory: Int = 256 << 20, shared: TestStore? = nil, sources: (TestOrigin, any EventLoop) -> ModuleSources,
    _ change: (inout ModuleSettings) -> Void = { _ in }
  ) throws {
    var settings = ModuleSettings()
    settings.database = nil
    change(&settings)
    cache = ModuleCache(
      settings: settings, server: ModuleServer(hop: "test", identity: "edge-1", node: "node-1", version: "0"),
      sources: sources(origin, executor.eventLoop),
      store: try ModuleStore(folder: folder, memoryInPlaceOfDisk: memory), shared: shared, executor: executor, events: events)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A cache over the same folder, as a process has it that was started anew.
  func restart(database: VerifierKey? = nil) throws {
    var settings = cache.settings
    settings.database = database
    let sources = cache.sources
    let server = cache.server
    cache = ModuleCache(
      settings: settings, server: server, sources: sources, store: try ModuleStore(folder: folder, isOwner: false),
      executor: executor, events: events)
  }

  @discardableResult
  func get(_ path: String, method: String = "GET", fields: FieldSection = FieldSection(), takes: Bool = true) -> TestClient {
    let client = TestClient()
    client.takes = takes
    let head = RequestHead(method: method, authority: "modules", path: path, fields: fields)
    let origin = RequestOrigin(wire: .http1, identity: nil, peerAddress: "127.0.0.1", listener: "l", isSecure: false)
    client.request = cache.open(ExchangeRequest(head: head, origin: origin), respondingTo: client)
    client.request?.receiveRequestEnd(trailers: nil)
    clients.append(client)
    settle()
    return client
  }

  /// Until nothing happens any more without time.
  func settle() {
    for _ in 0..<200 {
      executor.settle()
      for client in clients { client.report() }
    }
  }

  func pass(_ amount: TimeAmount) {
    executor.pass(amount)
    settle()
  }
}
