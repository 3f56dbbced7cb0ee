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
    /// Its answer is not signed by its key, tells of something else, or its tiles do not lead to what it has signed: twice.
    case untrusted(String)
  }

  /// The database's files; paths are those below `/sumdb/NAME/`.
  struct Files {
    /// Fetches one, or has it already; nil if there is nothing to be had.
    let fetch: (_ path: String) -> EventLoopFuture<ByteBuffer?>
    /// They are what the database has signed, and may be kept.
    let prove: (_ paths: [String]) -> Void
    /// One of them is not: none of them is to be given again.
    let forget: (_ paths: [String]) -> EventLoopFuture<Void>
  }

  private let key: VerifierKey
  private let eventLoop: any EventLoop
  private let files: Files

  init(key: VerifierKey, eventLoop: any EventLoop, files: Files) {
    self.key = key
    self.eventLoop = eventLoop
    self.files = files
  }

  func verdict(on module: ModulePath, _ version: ModuleVersion) -> EventLoopFuture<Verdict> {
    let promise = eventLoop.makePromise(of: Verdict.self)
    ask(Question(module: module, version: version, promise: promise))
    return promise.futureResult
  }

  private struct Question {
    let module: ModulePath
    let version: ModuleVersion
    let promise: EventLoopPromise<Verdict>
    var isRepeated = false

    var path: String { "lookup/\(module.escaped)@\(version.escaped)" }
  }

  private func ask(_ question: Question) {
    files.fetch("supported").assumeIsolated().whenComplete { [self] result in
      guard case .success(.some) = result else { return question.promise.succeed(.unknown) }
      files.fetch(question.path).assumeIsolated().whenComplete { [self] result in
        guard case .success(let answer?) = result else { return question.promise.succeed(.unknown) }
        guard let record = DatabaseRecord(Array(answer.readableBytesView), key: key) else {
          return distrust("the record of \(key.name) is not signed by its key", [question.path], question)
        }
        guard record.tells(of: question.module, question.version) else {
          let reason = "the record of \(key.name) tells nothing of \(question.module.text) \(question.version.text)"
          return distrust(reason, [question.path], question)
        }
        prove(record, question)
      }
    }
  }

  private func prove(_ record: DatabaseRecord, _ question: Question) {
    let fetched = record.proof.tiles.map { tile in self.content(of: tile).map { (tile, $0) } }
    EventLoopFuture.whenAllSucceed(fetched, on: eventLoop).assumeIsolated().whenComplete { [self] result in
      guard case .success(let found) = result, found.allSatisfy({ $0.1 != nil }) else {
        return question.promise.succeed(.unknown)
      }
      let tiles = Dictionary(found.map { ($0.0, $0.1?.bytes ?? []) }) { first, _ in first }
      let paths = [question.path] + found.compactMap { $0.1?.path }
      guard record.proof.root(record: record.text.utf8, content: { tiles[$0] }) == record.root else {
        return distrust("the tiles of \(key.name) do not lead to the tree that it has signed", paths, question)
      }
      files.prove(paths)
      question.promise.succeed(
        .recorded(
          zip: record.hash(question.module, question.version, goMod: false),
          goMod: record.hash(question.module, question.version, goMod: true)))
    }
  }

  /// What was damaged once, or kept when it was, must not keep modules away for ever: it is asked for once more.
  private func distrust(_ reason: String, _ paths: [String], _ question: Question) {
    files.forget(paths).assumeIsolated().whenComplete { [self] _ in
      guard !question.isRepeated else { return question.promise.succeed(.untrusted(reason)) }
      var question = question
      question.isRepeated = true
      ask(question)
    }
  }

  private struct FoundTile: Sendable {
    let path: String
    let bytes: [UInt8]
  }

  /// A tile that was narrow when the tree was signed may be known only as the whole one that it has become.
  private func content(of tile: Tile) -> EventLoopFuture<FoundTile?> {
    let promise = eventLoop.makePromise(of: FoundTile?.self)
    let paths = [tile.path] + (tile.width < Tile.fullWidth ? [tile.whole.path] : [])
    find(paths[...], promise)
    return promise.futureResult
  }

  private func find(_ paths: ArraySlice<String>, _ promise: EventLoopPromise<FoundTile?>) {
    guard let path = paths.first else { return promise.succeed(nil) }
    files.fetch(path).assumeIsolated().whenComplete { [self] result in
      guard case .success(let content?) = result else { return find(paths.dropFirst(), promise) }
      promise.succeed(FoundTile(path: path, bytes: Array(content.readableBytesView)))
    }
  }
}
