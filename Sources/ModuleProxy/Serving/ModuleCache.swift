public import Events
public import Exchange
import HTTPMessage
import NIOCore

/// A GOPROXY that remembers: answers the module proxy protocol (https://go.dev/ref/mod#goproxy-protocol) from a folder, and
/// fetches what is not there once for all who want it, checked before it is kept.
///
/// Lives on one event loop. Everything that is no part of the protocol is passed on untouched, unless that could tell a public
/// source of a private module.
public final class ModuleCache: ExchangeHandler {
  let settings: ModuleSettings
  let server: ModuleServer
  let sources: ModuleSources
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
  private(set) var checks: DatabaseChecks!
  private var reading: [String: Int] = [:]
  private var isTidying = false
  private var countsNextAt = NIODeadline.distantPast

  /// - Parameters:
  ///   - sources: where modules come from: the link, or pools of origins.
  ///   - store: the folder; one cache at a time serves from it.
  ///   - shared: what replicas of this cache share; nil where it is alone.
  public init(
    settings: ModuleSettings, server: ModuleServer, sources: ModuleSources, store: ModuleStore,
    shared: (any SharedModuleStore)? = nil, executor: any CacheExecutor, events: any EventSink
  ) {
    self.settings = settings
    self.server = server
    self.sources = sources
    self.store = store
    self.executor = executor
    self.events = events
    answers = SmallAnswers(cache: self, shared: shared)
    checks = DatabaseChecks(cache: self, answers: answers)
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    guard let (resource, key) = resource(of: request.head) else { return passOn(request, sink) }
    if case .databaseLookup(_, let module, _) = resource, settings.isPrivate(module) {
      return refuse(403, "\(module.text) is private: no checksum database is asked about it", request, sink)
    }
    guard Self.isForAll(request.head) else { return passOn(request, about: resource, sink) }
    if case .zip(let module, let version) = resource { return openZip(module, version, key, request, sink) }
    let client = SmallClient(sink, isHead: request.head.isHead, cache: self)
    if let served = answers.known(resource, key) {
      client.finish(.success(served))
    } else if request.head.fields.contains(Self.disableFetch) {
      tell(.answered(.bypass, byteCount: 0))
      return source(for: resource).open(request, respondingTo: sink)
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
    // Other processes bring and take entries, too, if seldom.
    let counts = executor.now() >= countsNextAt
    if counts { countsNextAt = executor.now() + Self.countingPause }
    let tidied = executor.runLong { [store, settings] () -> (Eviction?, Int, Int) in
      let used = store.usedBytes(counting: counts)
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

  private static let countingPause = TimeAmount.minutes(10)
}

// MARK: What is not answered here

extension ModuleCache {
  /// Who is asked for something.
  func source(for resource: ModuleResource) -> any ExchangeHandler {
    sources.handler(isPrivate: resource.module.map(settings.isPrivate) == true, on: executor.eventLoop)
  }

  /// What is no part of the protocol: nobody can tell of which module it is.
  private func passOn(_ request: ExchangeRequest, _ sink: any ResponseSink) -> any RequestSink {
    guard !sources.own.isPublic || settings.privateModules.isEmpty else {
      return refuse(404, "a public source gets nothing but the requests of the module proxy protocol", request, sink)
    }
    return sources.own.handler.open(request, respondingTo: sink)
  }

  /// What is one client's own.
  private func passOn(_ request: ExchangeRequest, about resource: ModuleResource, _ sink: any ResponseSink) -> any RequestSink {
    guard resource.module.map(settings.isPrivate) == true, sources.own.isPublic else {
      return sources.own.handler.open(request, respondingTo: sink)
    }
    return refuse(404, "\(resource.module?.text ?? "") is private: no public source is asked about it", request, sink)
  }

  private func refuse(_ status: Int, _ reason: String, _ request: ExchangeRequest, _ sink: any ResponseSink) -> any RequestSink {
    let answer = SmallAnswer(
      status: status, contentType: "text/plain; charset=utf-8", fetchedAt: executor.unixTime(),
      body: ByteBuffer(string: reason + "\n"))
    send(answer, .hit, to: sink, isHead: request.head.isHead)
    return SmallClient(nil, isHead: true, cache: self)
  }
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
    guard !request.head.isHead, !request.head.fields.contains(Self.disableFetch) else {
      return client.forward(to: source(for: .zip(module, version)))
    }
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
  /// What is asked for; nil for what is no path of the protocol.
  private func resource(of head: RequestHead) -> (ModuleResource, key: String)? {
    guard let path = head.path else { return nil }
    let own = ModuleResource.plain(path)
    return ModuleResource(path: own).map { ($0, String(decoding: own.dropFirst(), as: UTF8.self)) }
  }

  /// Whether a request is one whose answer others may have, too.
  private static func isForAll(_ head: RequestHead) -> Bool {
    (head.method.elementsEqual("GET".utf8) || head.isHead) && head.bodyLength == .none && !head.fields.contains("authorization")
  }

  func limits(bytes: Int, resumes: Bool) -> TransferLimits {
    let patience = TimeAmount(settings.patience)
    return TransferLimits(bytes: bytes, resumes: resumes, patience: patience, firstPatience: min(patience, .seconds(10)))
  }

  func send(_ answer: SmallAnswer, _ source: AnswerSource, to sink: any ResponseSink, isHead: Bool) {
    var fields = FieldSection()
    fields.append(.contentType, answer.contentType)
    if let tag = answer.entityTag { fields.append("etag", tag) }
    fields.append("age", String(max(0, executor.unixTime() - answer.fetchedAt)))
    fields.append("cache-status", source.field(hop: server.hop, after: answer.upstreamStatus))
    for field in answer.otherFields { fields.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed) }
    fields.append(.contentLength, String(answer.body.readableBytes))
    let hasBody = answer.body.readableBytes > 0 && !isHead
    let length: BodyLength = hasBody ? .known(UInt64(answer.body.readableBytes)) : .none
    var head = ResponseHead(status: answer.status, fields: fields, bodyLength: length)
    head.endsWithConnection = answer.mayBeCut
    sink.receiveHead(head)
    if hasBody { sink.receiveResponseBody(answer.body) }
    sink.receiveResponseEnd(trailers: nil)
  }

  /// - Returns: what clients are told.
  func refuse(
    _ refusal: ModuleRefusal, _ resource: ModuleResource, key: String, _ reason: String, _ transfer: Transfer?,
    _ request: ExchangeRequest
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
    _ failure: TransferFailure, of resource: ModuleResource, key: String, status: Int?, _ transfer: Transfer,
    _ request: ExchangeRequest
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
          message: reason, retryCount: transfer?.retryCount ?? 0, edge: request.origin.identity ?? server.identity,
          node: server.node, programVersion: server.version)))
  }

  /// What a client says that wants only what the origin has fetched before, as proxy.golang.org knows it.
  private static let disableFetch = FieldName("disable-module-fetch")
  /// Zips that are fetched at the same time.
  private static let fillLimit = 256
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
