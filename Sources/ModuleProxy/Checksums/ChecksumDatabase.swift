import HTTPMessage
import NIOCore

/// Asks a checksum database, through the same source as modules come from, for what it has recorded, and believes nothing that it
/// has not signed.
final class ChecksumDatabase {
  /// What it says of a version.
  enum Verdict: Sendable, Equatable {
    case recorded(zip: String?, goMod: String?)
    /// It cannot be reached, or knows no such version.
    case unknown
    /// Its answer is not signed by its key, or its tiles do not lead to what it has signed.
    case untrusted(String)
  }

  /// Fetches a path below `/sumdb/NAME/`, or has it already; nil if there is nothing to be had.
  typealias Fetch = (_ path: String) -> EventLoopFuture<ByteBuffer?>

  private let key: VerifierKey
  private let eventLoop: any EventLoop
  private let fetch: Fetch

  init(key: VerifierKey, eventLoop: any EventLoop, fetch: @escaping Fetch) {
    self.key = key
    self.eventLoop = eventLoop
    self.fetch = fetch
  }

  func verdict(on module: ModulePath, _ version: ModuleVersion) -> EventLoopFuture<Verdict> {
    let promise = eventLoop.makePromise(of: Verdict.self)
    fetch("supported").assumeIsolated().whenComplete { [self] result in
      guard case .success(.some) = result else { return promise.succeed(.unknown) }
      fetch("lookup/\(module.escaped)@\(version.escaped)").assumeIsolated().whenComplete { [self] result in
        guard case .success(let answer?) = result else { return promise.succeed(.unknown) }
        guard let record = DatabaseRecord(Array(answer.readableBytesView), key: key) else {
          return promise.succeed(.untrusted("the record of \(key.name) is not signed by its key"))
        }
        prove(record, module, version, promise)
      }
    }
    return promise.futureResult
  }

  private func prove(_ record: DatabaseRecord, _ module: ModulePath, _ version: ModuleVersion, _ promise: EventLoopPromise<Verdict>) {
    let tiles = record.proof.tiles
    let fetched = tiles.map { tile in self.content(of: tile).map { (tile, $0) } }
    EventLoopFuture.whenAllSucceed(fetched, on: eventLoop).assumeIsolated().whenComplete { [key] result in
      guard case .success(let pairs) = result, pairs.allSatisfy({ $0.1 != nil }) else { return promise.succeed(.unknown) }
      let contents = Dictionary(pairs.map { ($0.0, $0.1.map { Array($0.readableBytesView) } ?? []) }) { first, _ in first }
      guard record.proof.root(record: record.text.utf8, content: { contents[$0] }) == record.root else {
        return promise.succeed(.untrusted("the tiles of \(key.name) do not lead to the tree that it has signed"))
      }
      promise.succeed(
        .recorded(zip: record.hash(module, version, goMod: false), goMod: record.hash(module, version, goMod: true)))
    }
  }

  /// A tile that was narrow when the tree was signed may be known only as the whole one that it has become.
  private func content(of tile: Tile) -> EventLoopFuture<ByteBuffer?> {
    let promise = eventLoop.makePromise(of: ByteBuffer?.self)
    fetch(tile.path).assumeIsolated().whenComplete { [self] result in
      if case .success(let content?) = result { return promise.succeed(content) }
      guard tile.width < Tile.fullWidth else { return promise.succeed(nil) }
      fetch(tile.whole.path).cascade(to: promise)
    }
    return promise.futureResult
  }
}
