public import Events
public import Exchange
import HTTPMessage
import NIOCore

/// A GOPROXY that remembers: answers the module proxy protocol (https://go.dev/ref/mod#goproxy-protocol) from a folder, and fetches
/// what is not there once for all who want it, checked before it is kept.
///
/// Lives on one event loop. Everything that is no part of the protocol is passed on untouched.
public final class ModuleCache: ExchangeHandler {
  let settings: ModuleSettings
  let server: ModuleServer
  let source: any ExchangeHandler
  let store: ModuleStore
  let executor: any CacheExecutor
  private let events: any EventSink
  private var fills: [String: ZipFill] = [:]
  /// Those that have begun, and those that wait until others have ended.
  private var runningFillCount = 0
  private var waitingFills = CircularBuffer<ZipFill>()
  /// Who waits for a look into the store, so that a file is opened and held against its hash once for all of them.
  private var looking: [String: [ZipClient]] = [:]
  private var missing = BriefMemory<SmallAnswer>()
  private var refused = BriefMemory<GatewayError>()
  private var answers: SmallAnswers!
  private var reading: [String: Int] = [:]
  private var isTidying = false

  /// - Parameters:
  ///   - source: where modules come from: the link, or a pool of origins.
  ///   - store: the folder; one cache at a time serves from it.
  public init(
    settings: ModuleSettings, server: ModuleServer, source: any ExchangeHandler, store: ModuleStore,
    executor: any CacheExecutor, events: any EventSink
  ) {
    self.settings = settings
    self.server = server
    self.source = source
    self.store = store
    self.executor = executor
    self.events = events
    answers = SmallAnswers(cache: self)
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard let (resource, key) = resource(of: request.head) else { return source.open(request, respondingTo: sink) }
    if case .databaseLookup(_, let module, _) = resource, settings.isPrivate(module) {
      let body = ByteBuffer(string: "\(module.text) is private: no checksum database is asked about it\n")
      let answer = SmallAnswer(
        status: 403, contentType: "text/plain; charset=utf-8", fetchedAt: executor.unixTime(), body: body)
      send(answer, .hit, to: sink, isHead: request.head.isHead)
      return SmallClient(nil, isHead: true, cache: self)
    }
    if case .zip(let module, let version) = resource { return openZip(module, version, key, request, sink) }
    let client = SmallClient(sink, isHead: request.head.isHead, cache: self)
    if let served = answers.known(resource, key) {
      client.finish(.success(served))
    } else if request.head.fields.contains(Self.disableFetch) {
      tell(.answered(.bypass, byteCount: 0))
      return source.open(request, respondingTo: sink)
    } else {
      answers.answer(resource, key, request).assumeIsolated().whenComplete { client.finish($0) }
    }
    return client
  }

  /// Makes room where the folder holds more than it may. To be called now and then.
  public func tidy() {
    guard !isTidying else { return }
    isTidying = true
    let oldest = settings.unusedLimit.map { executor.unixTime() - $0.components.seconds } ?? .min
    let sparing = Set(reading.keys)
    let tidied = executor.runLong { [store, settings] () -> (Eviction?, Int, Int) in
      let used = store.usedBytes()
      guard used > settings.quota || oldest > .min else { return (nil, used, store.takeDamagedCount()) }
      let eviction = store.evict(quota: settings.quota, oldest: oldest, sparing: sparing)
      return (eviction, store.usedBytes(), store.takeDamagedCount())
    }
    tidied.assumeIsolated().whenComplete { [self] result in
      isTidying = false
      guard case .success(let (eviction, used, damaged)) = result else { return }
      if let eviction, eviction.entryCount > 0 { tell(.evicted(entryCount: eviction.entryCount, byteCount: eviction.byteCount)) }
      if damaged > 0 { tell(.damaged(count: damaged)) }
      tell(.usage(byteCount: used))
    }
  }

  func tell(_ event: ModuleEvent) { events.record(.module(event)) }
}

// MARK: Zips

extension ModuleCache {
  private func openZip(
    _ module: ModulePath, _ version: ModuleVersion, _ key: String, _ request: ExchangeRequest, _ sink: any ResponseSink
  ) -> ZipClient {
    let client = ZipClient(request, key: key, cache: self, sink: sink)
    if let known = missing.find(key, now: executor.now()) {
      tell(.answered(.hit, byteCount: known.body.readableBytes))
      client.answer(known, .hit)
    } else if let error = refused.find(key, now: executor.now()) {
      client.fail(error)
    } else if let fill = fills[key] {
      fill.add(client)
    } else if looking[key] != nil {
      looking[key]?.append(client)
    } else {
      looking[key] = [client]
      look(for: module, version, key)
    }
    return client
  }

  private func look(for module: ModulePath, _ version: ModuleVersion, _ key: String) {
    let time = executor.unixTime()
    executor.run { [store] in try store.find(key, unixTime: time) }.assumeIsolated().whenComplete { [self] result in
      if case .failure(let error) = result { tell(.storageFailed(path: key, reason: "\(error)")) }
      let found = (try? result.get()) ?? nil
      for client in looking.removeValue(forKey: key) ?? [] where !client.isGone {
        if let found { serve(found, to: client) } else { fetch(module, version, key, client) }
      }
    }
  }

  private func serve(_ found: ModuleStore.Found, to client: ZipClient) {
    let key = found.header.key
    let size = found.header.byteCount
    guard let reader = client.read(found.content, ZipHead(found.header), total: size, from: .store) else { return }
    reading[key, default: 0] += 1
    reader.onEnd = { [weak self] in self?.readingEnded(key) }
    reader.settle(total: size)
  }

  private func readingEnded(_ key: String) {
    let count = reading[key, default: 0] - 1
    reading[key] = count > 0 ? count : nil
  }

  private func fetch(_ module: ModulePath, _ version: ModuleVersion, _ key: String, _ client: ZipClient) {
    if let fill = fills[key] { return fill.add(client) }
    let request = client.request
    guard !request.head.isHead, !request.head.fields.contains(Self.disableFetch) else { return client.forward(to: source) }
    let fill = ZipFill(key: key, module, version, request: request.unconditional, cache: self)
    fills[key] = fill
    client.isFirst = true
    fill.add(client)
    waitingFills.append(fill)
    beginFills()
  }

  private func beginFills() {
    while runningFillCount < Self.fillLimit, let fill = waitingFills.popFirst() {
      guard fill.hasClients else {
        fills[fill.key] = nil
        continue
      }
      runningFillCount += 1
      fill.begin()
    }
  }

  func left(_ client: ZipClient, _ key: String) { fills[key]?.remove(client) }

  func fillEnded(_ key: String) {
    fills[key] = nil
    runningFillCount -= 1
    beginFills()
    tidy()
  }

  func rememberMissing(_ key: String, _ answer: SmallAnswer) {
    guard answer.status == 404 || answer.status == 410 else { return }
    let now = executor.now()
    missing.put(key, answer, byteCount: answer.byteCount, until: now + TimeAmount(settings.missingLifetime), now: now)
  }
}

// MARK: What the parts share

extension ModuleCache {
  /// What is asked for; nil for what only the source can answer: other methods and paths, and requests whose answer is one client's own.
  private func resource(of head: RequestHead) -> (ModuleResource, key: String)? {
    guard head.method.elementsEqual("GET".utf8) || head.isHead, head.bodyLength == .none, !head.fields.contains("authorization"),
      let path = head.path, path.starts(with: settings.basePath)
    else { return nil }
    let own = ModuleResource.plain(path.dropFirst(settings.basePath.count))
    return ModuleResource(path: own).map { ($0, String(decoding: own.dropFirst(), as: UTF8.self)) }
  }

  func limits(bytes: Int, resumes: Bool) -> TransferLimits {
    let patience = TimeAmount(settings.patience)
    return TransferLimits(bytes: bytes, resumes: resumes, patience: patience, firstPatience: min(patience, .seconds(10)))
  }

  /// What the checksum database says; unknown where nobody is to be asked.
  func verdict(on module: ModulePath, _ version: ModuleVersion, for request: ExchangeRequest) -> EventLoopFuture<ChecksumDatabase.Verdict>? {
    guard let key = settings.database, !settings.isPrivate(module) else { return nil }
    let folder = "sumdb/\(key.name)/"
    let files = ChecksumDatabase.Files(
      fetch: { [self] path in answers.content(of: folder + path, like: request) },
      prove: { [self] paths in answers.prove(paths.map { folder + $0 }) },
      forget: { [self] paths in answers.forget(paths.map { folder + $0 }) })
    let database = ChecksumDatabase(key: key, eventLoop: executor.eventLoop, files: files)
    return database.verdict(on: module, version)
  }

  /// The verdict, or `unknown` when it takes too long: a database that is away must not keep modules away.
  func settled(_ verdict: EventLoopFuture<ChecksumDatabase.Verdict>?) -> EventLoopFuture<ChecksumDatabase.Verdict> {
    guard let verdict else { return executor.eventLoop.makeSucceededFuture(.unknown) }
    let promise = executor.eventLoop.makePromise(of: ChecksumDatabase.Verdict.self)
    var isSettled = false
    verdict.assumeIsolated().whenComplete { result in
      guard !isSettled else { return }
      isSettled = true
      promise.succeed((try? result.get()) ?? .unknown)
    }
    executor.after(Self.databasePatience) {
      guard !isSettled else { return }
      isSettled = true
      promise.succeed(.unknown)
    }
    return promise.futureResult
  }

  func send(_ answer: SmallAnswer, _ source: AnswerSource, to sink: any ResponseSink, isHead: Bool) {
    var fields = FieldSection()
    fields.append(.contentType, answer.contentType)
    if let tag = answer.entityTag { fields.append("etag", tag) }
    fields.append("age", String(max(0, executor.unixTime() - answer.fetchedAt)))
    fields.append("cache-status", source.field(hop: server.hop))
    for field in answer.otherFields { fields.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed) }
    fields.append(.contentLength, String(answer.body.readableBytes))
    let hasBody = answer.body.readableBytes > 0 && !isHead
    sink.receiveHead(
      ResponseHead(status: answer.status, fields: fields, bodyLength: hasBody ? .known(UInt64(answer.body.readableBytes)) : .none))
    if hasBody { sink.receiveResponseBody(answer.body) }
    sink.receiveResponseEnd(trailers: nil)
  }

  /// - Returns: what clients are told.
  func refuse(
    _ refusal: ModuleRefusal, _ resource: ModuleResource, key: String, _ reason: String, _ transfer: Transfer?, _ request: ExchangeRequest
  ) -> GatewayError {
    tell(.refused(refusal, path: key, reason: reason))
    report(resource, key: key, cause: refusal.rawValue, reason, status: 200, transfer, request)
    // Who asks for the rest of what has been broken off is told so, and need not try again.
    let error = GatewayError(.httpProtocolError, side: .origin, message: "\(key) was not taken: \(reason)")
    let now = executor.now()
    refused.put(key, error, byteCount: reason.utf8.count + 256, until: now + TimeAmount(settings.missingLifetime), now: now)
    return error
  }

  func report(
    _ failure: TransferFailure, of resource: ModuleResource, key: String, status: Int?, _ transfer: Transfer, _ request: ExchangeRequest
  ) {
    if failure.cause == .tooLarge { tell(.refused(.tooLarge, path: key, reason: failure.reason)) }
    report(resource, key: key, cause: failure.causeText, failure.reason, status: status, transfer, request)
  }

  private func report(
    _ resource: ModuleResource, key: String, cause: String, _ reason: String, status: Int?, _ transfer: Transfer?,
    _ request: ExchangeRequest
  ) {
    tell(
      .downloadFailed(
        ModuleDownloadFailure(
          module: resource.module?.text ?? "", version: resource.versionText, url: "/\(key)", status: status, cause: cause,
          message: reason, retryCount: transfer?.retryCount ?? 0, edge: request.origin.identity ?? server.identity, node: server.node,
          programVersion: server.version)))
  }

  /// What a client says that wants only what the origin has fetched before, as proxy.golang.org knows it.
  private static let disableFetch = FieldName("disable-module-fetch")
  /// Zips that are fetched at the same time.
  private static let fillLimit = 256
  private static let databasePatience = TimeAmount.seconds(10)
}

extension TransferFailure {
  fileprivate var causeText: String {
    switch cause {
    case .unreachable: "unreachable"
    case .broken: "broken"
    case .tooLarge: "too_large"
    }
  }
}

extension ExchangeRequest {
  /// The request for the whole thing as it is, whatever this client knows already or takes compressed.
  var unconditional: ExchangeRequest {
    var request = self
    for name in Self.conditions { request.head.fields.remove(name) }
    request.head.fields.replace(.method, with: "GET".utf8)
    return request
  }

  private static let conditions: [FieldName] = [
    "range", "if-range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "accept-encoding",
  ]
}
