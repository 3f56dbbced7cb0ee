import Events
import Exchange
import HTTPMessage
import NIOCore

/// Everything but zips: found in memory or in the store, or fetched once for all who want it.
final class SmallAnswers {
  private unowned let cache: ModuleCache
  private var memory = AnswerMemory()
  private var missing = BriefMemory<SmallAnswer>()
  private var asked: [String: EventLoopFuture<ServedAnswer>] = [:]
  /// Until when it is not tried again whether the source answers for something old.
  private var restsUntil = NIODeadline.distantPast

  init(cache: ModuleCache) { self.cache = cache }

  /// An answer that needs no wait; nil if there is none.
  func known(_ resource: ModuleResource, _ key: String) -> ServedAnswer? {
    if let answer = missing.find(key, now: cache.executor.now()) { return tellHit(answer) }
    guard let answer = memory.find(key), isFresh(answer, resource) else { return nil }
    return tellHit(answer)
  }

  /// - Parameter request: whose fields go with what has to be fetched.
  func answer(_ resource: ModuleResource, _ key: String, _ request: ExchangeRequest) -> EventLoopFuture<ServedAnswer> {
    if let known = known(resource, key) { return cache.executor.eventLoop.makeSucceededFuture(known) }
    let promise = cache.executor.eventLoop.makePromise(of: ServedAnswer.self)
    if let asked = asked[key] {
      asked.assumeIsolated().whenComplete { [cache] result in
        switch result {
        case .success(var served):
          if served.source == .fetched { served.source = .collapsed }
          cache.tell(.answered(served.source.event, byteCount: served.answer.body.readableBytes))
          promise.succeed(served)
        case .failure(let error): promise.fail(error)
        }
      }
      return promise.futureResult
    }
    asked[key] = promise.futureResult
    look(for: resource, key, request, promise)
    promise.futureResult.assumeIsolated().whenComplete { [self, cache] result in
      _ = cache
      asked[key] = nil
      if case .success(let served) = result {
        cache.tell(.answered(served.source.event, byteCount: served.answer.body.readableBytes))
      }
    }
    return promise.futureResult
  }

  /// For questions of this cache's own: the content of a path, nil if it cannot be had.
  func content(of key: String, like request: ExchangeRequest) -> EventLoopFuture<ByteBuffer?> {
    let path = cache.settings.basePath + Array("/\(key)".utf8)
    guard let resource = ModuleResource(path: Array("/\(key)".utf8)[...]) else {
      return cache.executor.eventLoop.makeSucceededFuture(nil)
    }
    var own = request
    own.head.fields.replace(.path, with: path)
    let promise = cache.executor.eventLoop.makePromise(of: ByteBuffer?.self)
    answer(resource, key, own.unconditional).assumeIsolated().whenComplete { result in
      guard case .success(let served) = result, served.answer.status == 200 else { return promise.succeed(nil) }
      promise.succeed(served.answer.body)
    }
    return promise.futureResult
  }

  /// They are what their database has signed, so they are kept.
  func prove(_ keys: [String]) {
    for key in keys {
      guard var answer = memory.find(key), !answer.isLasting else { continue }
      answer.isLasting = true
      memory.put(key, answer)
      store(answer, key)
    }
  }

  /// They are not what they should be.
  func forget(_ keys: [String]) -> EventLoopFuture<Void> {
    for key in keys { memory.remove(key) }
    return cache.executor.run { [store = cache.store] in for key in keys { store.remove(key) } }
  }

  // MARK: Steps

  private func look(for resource: ModuleResource, _ key: String, _ request: ExchangeRequest, _ promise: EventLoopPromise<ServedAnswer>) {
    if let old = memory.find(key) { return fetch(resource, key, request, old: old, promise) }
    let time = cache.executor.unixTime()
    cache.executor.run { [store = cache.store] () -> SmallAnswer? in
      guard let found = try store.find(key, unixTime: time), found.header.byteCount <= resource.byteLimit else { return nil }
      var answer = SmallAnswer(found.header, body: try found.content.buffer(at: 0, count: found.header.byteCount))
      answer.isLasting = AnswerCheck.isLasting(answer.body, of: resource)
      return answer
    }.assumeIsolated().whenComplete { [self, cache] result in
      if case .failure(let error) = result { cache.tell(.storageFailed(path: key, reason: "\(error)")) }
      guard case .success(let found?) = result else { return fetch(resource, key, request, old: nil, promise) }
      memory.put(key, found)
      guard isFresh(found, resource) else { return fetch(resource, key, request, old: found, promise) }
      promise.succeed(ServedAnswer(answer: found, source: .hit))
    }
  }

  private func fetch(
    _ resource: ModuleResource, _ key: String, _ request: ExchangeRequest, old: SmallAnswer?, _ promise: EventLoopPromise<ServedAnswer>
  ) {
    if let old, mayBeStale(old), cache.executor.now() < restsUntil {
      return giveStale(old, key, "the origin could not be reached a moment ago", promise)
    }
    var hash: EventLoopFuture<ChecksumDatabase.Verdict>?
    if case .mod(let module, let version) = resource { hash = cache.verdict(on: module, version, for: request) }
    let own = request.unconditional
    var limits = cache.limits(bytes: resource.byteLimit, resumes: false)
    if let old, mayBeStale(old) {
      // Who has something to give does not wait long for something newer; when that comes it is for the next.
      limits.firstPatience = Self.stalePatience
      cache.executor.after(Self.stalePatience) { [self] in
        guard asked[key] === promise.futureResult else { return }
        rest()
        giveStale(old, key, "the origin did not answer in time", promise)
      }
    }
    let fetch = SmallFetch(own, from: cache.source, limits: limits, executor: cache.executor) { [self, cache] outcome, download in
      switch outcome {
      case .answer(let answer):
        take(answer, resource, key, old: old, hash: hash, download.transfer, own, promise)
      case .failure(let failure, let status):
        if let old, mayBeStale(old) {
          rest()
          return giveStale(old, key, failure.reason, promise)
        }
        cache.report(failure, of: resource, key: key, status: status, download.transfer, own)
        promise.fail(failure.gatewayError)
      }
    }
    fetch.begin()
  }

  private func take(
    _ answer: SmallAnswer, _ resource: ModuleResource, _ key: String, old: SmallAnswer?,
    hash: EventLoopFuture<ChecksumDatabase.Verdict>?, _ transfer: Transfer, _ request: ExchangeRequest,
    _ promise: EventLoopPromise<ServedAnswer>
  ) {
    let served = ServedAnswer(answer: answer, source: .fetched)
    switch answer.status {
    case 200:
      if let fault = AnswerCheck.fault(in: answer.body, of: resource) {
        return refuse(.malformed, resource, key, fault, transfer, request, promise)
      }
      guard case .mod(let module, let version) = resource, let hash else { return keep(served, resource, key, promise) }
      cache.settled(hash).assumeIsolated().whenComplete { [self] result in
        let found = ModuleHash.h1(goMod: answer.body.readableBytesView)
        switch (try? result.get()) ?? .unknown {
        case .untrusted(let reason): refuse(.databaseUntrusted, resource, key, reason, transfer, request, promise)
        case .recorded(_, let recorded?) where recorded != found:
          let reason = "the hash of go.mod of \(module.text) \(version.text) is \(found), but the checksum database has recorded \(recorded)"
          refuse(.hashMismatch, resource, key, reason, transfer, request, promise)
        case .recorded, .unknown: keep(served, resource, key, promise)
        }
      }
    case 404, 410:
      let lifetime = resource.lifetime == .capability ? Self.capabilityLifetime : TimeAmount(cache.settings.missingLifetime)
      let now = cache.executor.now()
      missing.put(key, answer, byteCount: answer.byteCount, until: now + lifetime, now: now)
      promise.succeed(served)
    case 429, 500...599:
      if let old, mayBeStale(old) {
        rest()
        return giveStale(old, key, "the origin answered \(answer.status)", promise)
      }
      let failure = TransferFailure(.unreachable, "the origin answered \(answer.status)")
      cache.report(failure, of: resource, key: key, status: answer.status, transfer, request)
      promise.succeed(served)
    default:
      promise.succeed(served)
    }
  }

  private func refuse(
    _ refusal: ModuleRefusal, _ resource: ModuleResource, _ key: String, _ reason: String, _ transfer: Transfer,
    _ request: ExchangeRequest, _ promise: EventLoopPromise<ServedAnswer>
  ) {
    promise.fail(cache.refuse(refusal, resource, key: key, reason, transfer, request))
  }

  private func keep(_ served: ServedAnswer, _ resource: ModuleResource, _ key: String, _ promise: EventLoopPromise<ServedAnswer>) {
    // Nobody waits any more where something old was given.
    defer { promise.succeed(served) }
    var answer = served.answer
    guard !answer.mayBeCut || resource.lifetime != .immutable else { return }
    answer.isLasting = !needsProof(resource) && AnswerCheck.isLasting(answer.body, of: resource)
    memory.put(key, answer)
    if !needsProof(resource) { store(answer, key) }
  }

  /// What a database has signed is seen only with a record and its tiles together; until then it is no more than what somebody said.
  private func needsProof(_ resource: ModuleResource) -> Bool {
    switch resource {
    case .databaseLookup, .databaseTile: cache.settings.database != nil
    default: false
    }
  }

  private func store(_ answer: SmallAnswer, _ key: String) {
    let kept = cache.executor.run { [store = cache.store] in
      let header = EntryHeader(
        key: key, byteCount: answer.body.readableBytes, digest: ContentDigest.of(answer.body), fetchedAt: answer.fetchedAt,
        contentType: answer.contentType, entityTag: answer.entityTag)
      try store.keep(answer.body, header)
    }
    kept.assumeIsolated().whenComplete { [cache] result in
      if case .failure(let error) = result { cache.tell(.storageFailed(path: key, reason: "\(error)")) }
    }
  }

  private func giveStale(_ old: SmallAnswer, _ key: String, _ reason: String, _ promise: EventLoopPromise<ServedAnswer>) {
    guard asked[key] === promise.futureResult else { return }
    cache.tell(.stale(path: key, ageSeconds: cache.executor.unixTime() - old.fetchedAt, reason: reason))
    promise.succeed(ServedAnswer(answer: old, source: .stale(reason: reason)))
  }

  private func rest() { restsUntil = cache.executor.now() + Self.restTime }

  private func tellHit(_ answer: SmallAnswer) -> ServedAnswer {
    cache.tell(.answered(.hit, byteCount: answer.body.readableBytes))
    return ServedAnswer(answer: answer, source: .hit)
  }

  private func isFresh(_ answer: SmallAnswer, _ resource: ModuleResource) -> Bool {
    let age = cache.executor.unixTime() - answer.fetchedAt
    switch resource.lifetime {
    case .immutable where answer.isLasting: return true
    case .immutable, .listing: return age >= 0 && age < cache.settings.listingLifetime.components.seconds
    case .capability: return age >= 0 && age < Self.capabilitySeconds
    }
  }

  private func mayBeStale(_ answer: SmallAnswer) -> Bool {
    guard let limit = cache.settings.staleLimit else { return true }
    return cache.executor.unixTime() - answer.fetchedAt <= cache.settings.listingLifetime.components.seconds + limit.components.seconds
  }

  /// How long a fetch may take where there is something old to give.
  private static let stalePatience = TimeAmount.seconds(2)
  /// How long nobody tries again after that, so that not each of many lists waits.
  private static let restTime = TimeAmount.seconds(5)
  private static let capabilitySeconds: Int64 = 300
  private static let capabilityLifetime = TimeAmount.seconds(300)
}

extension AnswerSource {
  var event: ModuleAnswer {
    switch self {
    case .hit: .hit
    case .fetched: .miss
    case .collapsed: .collapsed
    case .stale: .stale
    }
  }
}
