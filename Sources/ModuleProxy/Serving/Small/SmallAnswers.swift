import Events
import Exchange
import HTTPMessage
import NIOCore

/// Everything but zips: found in memory or in the store, or fetched once for all who want it.
final class SmallAnswers {
  private unowned let cache: ModuleCache
  private var memory = AnswerMemory()
  private var missing = BriefMemory<SmallAnswer>()
  private var inquiries: [String: Inquiry] = [:]
  private var rest = SourceRest()
  private let shared: SharedAnswers?
  /// What fetches that are under way may hold together: each may bring 16 MiB, and anybody can begin many.
  private let fetching = MemoryAllowance(256 << 20)

  init(cache: ModuleCache, shared: (any SharedModuleStore)?) {
    self.cache = cache
    self.shared = shared.map { SharedAnswers($0, cache: cache) }
  }

  /// An answer that needs no wait; nil if there is none.
  func known(_ resource: ModuleResource, _ key: String) -> ServedAnswer? {
    if let answer = missing.find(key, now: cache.executor.now()) { return tellHit(answer) }
    guard let answer = remembered(resource, key), isFresh(answer, resource) else { return nil }
    return tellHit(answer)
  }

  /// - Parameter request: whose fields go with what has to be fetched.
  func answer(_ resource: ModuleResource, _ key: String, _ request: ExchangeRequest) -> EventLoopFuture<ServedAnswer> {
    if let known = known(resource, key) { return cache.executor.eventLoop.makeSucceededFuture(known) }
    let promise = cache.executor.eventLoop.makePromise(of: ServedAnswer.self)
    if let inquiry = inquiries[key] {
      inquiry.add(promise)
      if inquiry.isOverdue { giveStale(inquiry, "the origin has not answered yet") }
    } else {
      let inquiry = Inquiry(resource, key, request.unconditional, for: promise)
      inquiries[key] = inquiry
      look(for: inquiry)
    }
    return promise.futureResult
  }

  /// For questions of this cache's own: the content of a path, nil where there is none; fails when nobody could be asked.
  /// - Parameter mayAsk: whether it is fetched where it is not there.
  func content(of key: String, like request: ExchangeRequest, mayAsk: Bool) -> EventLoopFuture<ByteBuffer?> {
    guard let resource = ModuleResource(path: Array("/\(key)".utf8)[...]) else {
      return cache.executor.eventLoop.makeSucceededFuture(nil)
    }
    guard mayAsk else { return kept(resource, key).map { $0?.body } }
    var own = request
    own.head.fields.replace(.path, with: Array("/\(key)".utf8))
    return answer(resource, key, own).flatMapThrowing { served in
      let status = served.answer.status
      // From whoever stands before the one that was meant (RFC 9110 §15.6.3 to 15.6.5).
      guard !(502...504).contains(status) else { throw TransferFailure(.unreachable, "the origin answered \(status)") }
      return status == 200 ? served.answer.body : nil
    }
  }

  /// They are what their database has signed, so they are kept.
  func prove(_ keys: [String]) {
    for key in keys {
      guard var answer = memory.find(key), !answer.isProved else { continue }
      answer.isProved = true
      answer.isLasting = true
      memory.put(key, answer, at: cache.executor.unixTime())
      store(answer, key)
    }
  }

  /// They are not what they should be.
  func forget(_ keys: [String]) -> EventLoopFuture<Void> {
    for key in keys { memory.remove(key) }
    return cache.executor.run { [store = cache.store] in for key in keys { store.remove(key) } }
  }

  // MARK: Steps

  private func look(for inquiry: Inquiry) {
    kept(inquiry.resource, inquiry.key).assumeIsolated().whenComplete { [self] result in
      guard case .success(let found?) = result else { return ask(inquiry) }
      if isFresh(found, inquiry.resource) { return end(inquiry, .success(ServedAnswer(answer: found, source: .hit))) }
      inquiry.old = found
      ask(inquiry)
    }
  }

  /// What another replica has fetched saves the way to the sources.
  private func ask(_ inquiry: Inquiry) {
    guard let shared else { return fetch(inquiry) }
    shared.find(inquiry) { [self] found in
      guard let found else { return fetch(inquiry) }
      if isFresh(found, inquiry.resource) { return keep(ServedAnswer(answer: found, source: .shared), inquiry) }
      if inquiry.old.map({ $0.fetchedAt < found.fetchedAt }) ?? true { inquiry.old = found }
      fetch(inquiry)
    }
  }

  /// What is in memory. Its file counts as used with it, and comes back where it had to make room.
  private func remembered(_ resource: ModuleResource, _ key: String) -> SmallAnswer? {
    let time = cache.executor.unixTime()
    guard let (answer, isMarkDue) = memory.use(key, at: time) else { return nil }
    guard isMarkDue, isStored(answer, resource) else { return answer }
    let marked = cache.executor.run { [store = cache.store] in store.use(key, unixTime: time) }
    marked.assumeIsolated().whenSuccess { [self] isThere in
      if !isThere, let answer = memory.find(key), isStored(answer, resource) { store(answer, key) }
    }
    return answer
  }

  /// What is there, however old.
  private func kept(_ resource: ModuleResource, _ key: String) -> EventLoopFuture<SmallAnswer?> {
    if let answer = remembered(resource, key) { return cache.executor.eventLoop.makeSucceededFuture(answer) }
    let time = cache.executor.unixTime()
    let found = cache.executor.run { [store = cache.store] () -> SmallAnswer? in
      guard let found = try store.find(key, unixTime: time), found.header.byteCount <= resource.byteLimit else { return nil }
      var answer = SmallAnswer(found.header, body: try found.content.buffer(at: 0, count: found.header.byteCount))
      answer.isLasting = AnswerCheck.isLasting(answer.body, of: resource) && (answer.isProved || !resource.needsProof)
      return answer
    }
    found.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let answer?): memory.put(key, answer, at: time)
      case .success(nil): break
      case .failure(let error): cache.tell(.storageFailed(path: key, reason: "\(error)"))
      }
    }
    return found.recover { _ in nil }
  }

  private func fetch(_ inquiry: Inquiry) {
    var limits = cache.limits(bytes: inquiry.resource.byteLimit, resumes: false)
    if mayGiveOld(inquiry) {
      if rest.holds(inquiry.key, now: cache.executor.now()) {
        inquiries[inquiry.key] = nil
        return giveStale(inquiry, "the origin could not be reached a moment ago")
      }
      // Who has something to give does not wait long for something newer; when that comes it is for the next.
      limits.firstPatience = Self.stalePatience
      cache.executor.after(Self.stalePatience) { [weak self, weak inquiry] in
        guard let self, let inquiry, inquiries[inquiry.key] === inquiry else { return }
        inquiry.isOverdue = true
        rest.failed(inquiry.key, now: cache.executor.now())
        giveStale(inquiry, "the origin did not answer in time")
      }
    }
    var verdict: DatabaseChecks.Pending?
    if case .mod(let module, let version) = inquiry.resource {
      verdict = cache.checks.verdict(on: module, version, for: inquiry.request)
    }
    let source = cache.source(for: inquiry.resource)
    let fetch = SmallFetch(
      inquiry.request, from: source, limits: limits, memory: fetching, executor: cache.executor
    ) { [self] outcome, download in
      switch outcome {
      case .answer(let answer): take(answer, inquiry, verdict, download.transfer)
      case .failure(let failure, let status):
        rest.failed(inquiry.key, now: cache.executor.now())
        if mayGiveOld(inquiry) { return endStale(inquiry, failure.reason) }
        cache.report(failure, of: inquiry.resource, key: inquiry.key, status: status, download.transfer, inquiry.request)
        end(inquiry, .failure(failure.gatewayError))
      }
    }
    fetch.begin()
  }

  private func take(_ answer: SmallAnswer, _ inquiry: Inquiry, _ verdict: DatabaseChecks.Pending?, _ transfer: Transfer) {
    let served = ServedAnswer(answer: answer, source: .fetched)
    switch answer.status {
    case 429, 500...599:
      rest.failed(inquiry.key, now: cache.executor.now())
      if mayGiveOld(inquiry) { return endStale(inquiry, "the origin answered \(answer.status)") }
      let failure = TransferFailure(.unreachable, "the origin answered \(answer.status)")
      cache.report(failure, of: inquiry.resource, key: inquiry.key, status: answer.status, transfer, inquiry.request)
      return end(inquiry, .success(served))
    case 200: check(served, inquiry, verdict, transfer)
    case 404, 410:
      let isCapability = inquiry.resource.lifetime == .capability
      let lifetime = isCapability ? Self.capabilityLifetime : TimeAmount(cache.settings.missingLifetime)
      let now = cache.executor.now()
      missing.put(inquiry.key, answer, byteCount: answer.byteCount, until: now + lifetime, now: now)
      end(inquiry, .success(served))
    default: end(inquiry, .success(served))
    }
    rest.answered(inquiry.key)
  }

  private func check(_ served: ServedAnswer, _ inquiry: Inquiry, _ verdict: DatabaseChecks.Pending?, _ transfer: Transfer) {
    let (body, resource) = (served.answer.body, inquiry.resource)
    let checked =
      body.readableBytes > Self.checkedAtOnce
      ? cache.executor.run { AnswerCheck(body, of: resource) }
      : cache.executor.eventLoop.makeSucceededFuture(AnswerCheck(body, of: resource))
    checked.assumeIsolated().whenComplete { [self] result in
      // It fails only when the process ends.
      guard case .success(let check) = result else { return end(inquiry, .failure(Self.ending)) }
      if let fault = check.fault { return refuse(.malformed, inquiry, fault, transfer) }
      guard let hash = check.goModHash, let verdict else { return keep(served, inquiry) }
      verdict.settled { [self] verdict in
        switch verdict {
        case .untrusted(let reason): refuse(.databaseUntrusted, inquiry, reason, transfer)
        case .recorded(_, let recorded?) where recorded != hash:
          refuse(.hashMismatch, inquiry, "its hash is \(hash), but the checksum database has recorded \(recorded)", transfer)
        case .recorded, .unknown: keep(served, inquiry)
        }
      }
    }
  }

  private func refuse(_ refusal: ModuleRefusal, _ inquiry: Inquiry, _ reason: String, _ transfer: Transfer) {
    end(inquiry, .failure(cache.refuse(refusal, inquiry.resource, key: inquiry.key, reason, transfer, inquiry.request)))
  }

  private func keep(_ served: ServedAnswer, _ inquiry: Inquiry) {
    defer { end(inquiry, .success(served)) }
    var answer = served.answer
    answer.upstreamStatus = nil
    let resource = inquiry.resource
    guard !answer.mayBeCut || resource.lifetime != .immutable else { return }
    answer.isLasting = AnswerCheck.isLasting(answer.body, of: resource) && !resource.needsProof
    memory.put(inquiry.key, answer, at: cache.executor.unixTime())
    if isStored(answer, resource) { store(answer, inquiry.key) }
    if served.source != .shared { shared?.keep(answer, resource, inquiry.key) }
  }

  /// What may be cut is not: a file does not say so. What the database is going to prove is stored when it has; of other databases
  /// nobody here will.
  private func isStored(_ answer: SmallAnswer, _ resource: ModuleResource) -> Bool {
    guard !answer.mayBeCut else { return false }
    return !resource.needsProof || answer.isProved || resource.database != cache.settings.database?.name
  }

  private func store(_ answer: SmallAnswer, _ key: String) {
    let kept = cache.executor.run { [store = cache.store] in
      let header = EntryHeader(
        key: key, byteCount: answer.body.readableBytes, digest: ContentDigest.of(answer.body), fetchedAt: answer.fetchedAt,
        contentType: answer.contentType, entityTag: answer.entityTag, isProved: answer.isProved)
      try store.keep(answer.body, header)
    }
    kept.assumeIsolated().whenComplete { [cache] result in
      if case .failure(let error) = result { cache.tell(.storageFailed(path: key, reason: "\(error)")) }
    }
  }

  // MARK: Answers

  private func end(_ inquiry: Inquiry, _ result: Result<ServedAnswer, any Error>) {
    inquiries[inquiry.key] = nil
    for (index, promise) in inquiry.takeWaiting().enumerated() {
      switch result {
      case .success(var served):
        if index > 0, served.source == .fetched { served.source = .collapsed }
        cache.tell(.answered(served.source.event, byteCount: served.answer.body.readableBytes))
        promise.succeed(served)
      case .failure(let error): promise.fail(error)
      }
    }
  }

  private func endStale(_ inquiry: Inquiry, _ reason: String) {
    inquiries[inquiry.key] = nil
    giveStale(inquiry, reason)
  }

  /// To all who wait now, where what is there is not too old.
  private func giveStale(_ inquiry: Inquiry, _ reason: String) {
    guard mayGiveOld(inquiry), let old = inquiry.old else { return }
    for promise in inquiry.takeWaiting() {
      cache.tell(.stale(path: inquiry.key, ageSeconds: cache.executor.unixTime() - old.fetchedAt, reason: reason))
      cache.tell(.answered(.stale, byteCount: old.body.readableBytes))
      promise.succeed(ServedAnswer(answer: old, source: .stale))
    }
  }

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

  private func mayGiveOld(_ inquiry: Inquiry) -> Bool {
    guard let old = inquiry.old else { return false }
    guard let limit = cache.settings.staleLimit else { return true }
    return cache.executor.unixTime() - old.fetchedAt <= (cache.settings.listingLifetime + limit).components.seconds
  }

  /// How long a fetch may take where there is something old to give.
  private static let stalePatience = TimeAmount.seconds(2)
  private static let capabilitySeconds: Int64 = 300
  private static let capabilityLifetime = TimeAmount.seconds(300)
  /// More is looked at where nobody waits for the loop: a go.mod may have 16 MiB.
  private static let checkedAtOnce = 64 * 1024
  private static let ending = GatewayError(.internalError, side: .local, message: "the module cache is about to end")
}

extension AnswerSource {
  var event: ModuleAnswer {
    switch self {
    case .hit: .hit
    case .fetched: .miss
    case .collapsed: .collapsed
    case .shared: .shared
    case .stale: .stale
    }
  }
}
