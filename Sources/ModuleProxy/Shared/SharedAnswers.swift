import Events
import Exchange
import NIOCore

/// The small answers that replicas share: asked for before an origin is, and checked as if an origin had given them.
final class SharedAnswers {
  private unowned let cache: ModuleCache
  private let store: any SharedModuleStore
  private var patience = StorePatience()
  /// Whether it has taken the last value that it was given.
  private var takesValues = true

  init(_ store: any SharedModuleStore, cache: ModuleCache) {
    self.store = store
    self.cache = cache
  }

  /// - Parameter then: called once with an answer that may be given to clients; nil if there is none, or it is not told in time.
  func find(_ inquiry: Inquiry, then: @escaping (SmallAnswer?) -> Void) {
    guard inquiry.resource.isShared else { return then(nil) }
    switch patience.step(now: cache.executor.now()) {
    case .ask:
      ask(inquiry.key) { [self] value in
        if let value { read(value, inquiry, then) } else { then(nil) }
      }
    case .probe:
      ask(inquiry.key) { _ in }
      pass(then)
    case .skip: pass(then)
    }
  }

  /// Gives the others what was fetched and found to be right.
  func keep(_ answer: SmallAnswer, _ resource: ModuleResource, _ key: String) {
    guard resource.isShared, !answer.mayBeCut, patience.isTrusted, let value = SharedEntry.encoded(answer, key: key) else { return }
    store.keep(value, as: key, for: cache.settings.sharedLifetime) { [self] refusal in
      if let refusal, takesValues { cache.tell(.sharedStore(.full, name: store.name, reason: refusal)) }
      takesValues = refusal == nil
    }
  }

  private func pass(_ then: (SmallAnswer?) -> Void) {
    cache.tell(.sharedLookup(.skipped))
    then(nil)
  }

  /// - Parameter then: called once, and not much later than the store may take.
  private func ask(_ key: String, then: @escaping (ByteBuffer?) -> Void) {
    var isOpen = true
    store.find(key, byteLimit: SharedEntry.byteLimit) { [self] lookup in
      guard isOpen else { return }
      isOpen = false
      switch lookup {
      case .found(let value):
        answered()
        then(value)
      case .absent:
        answered()
        cache.tell(.sharedLookup(.absent))
        then(nil)
      case .failed(let reason):
        failed(reason)
        then(nil)
      }
    }
    guard isOpen else { return }
    cache.executor.after(TimeAmount(cache.settings.sharedPatience)) { [self] in
      guard isOpen else { return }
      isOpen = false
      failed("it did not answer in time")
      then(nil)
    }
  }

  private func answered() {
    if patience.answered() { cache.tell(.sharedStore(.back, name: store.name, reason: "")) }
  }

  private func failed(_ reason: String) {
    cache.tell(.sharedLookup(.failed))
    if patience.failed(now: cache.executor.now()) { cache.tell(.sharedStore(.away, name: store.name, reason: reason)) }
  }

  private func read(_ value: ByteBuffer, _ inquiry: Inquiry, _ then: @escaping (SmallAnswer?) -> Void) {
    let (key, resource, time) = (inquiry.key, inquiry.resource, cache.executor.unixTime())
    let reading =
      value.readableBytes > Self.readAtOnce
      ? cache.executor.run { SharedEntry.read(value, key: key, of: resource, unixTime: time) }
      : cache.executor.eventLoop.makeSucceededFuture(SharedEntry.read(value, key: key, of: resource, unixTime: time))
    reading.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(.answer(let answer, let goModHash)): prove(answer, goModHash, inquiry, then)
      case .success(.fault(let reason)): refuse(key, reason, then)
      // It fails only when the process ends.
      case .failure: then(nil)
      }
    }
  }

  /// An origin is believed when its checksum database cannot be asked. Others can write here, so this is not.
  private func prove(_ answer: SmallAnswer, _ hash: String?, _ inquiry: Inquiry, _ then: @escaping (SmallAnswer?) -> Void) {
    guard case .mod(let module, let version) = inquiry.resource, let hash,
      let verdict = cache.checks.verdict(on: module, version, for: inquiry.request)
    else { return take(answer, then) }
    verdict.settled { [self] verdict in
      guard case .recorded(_, let recorded?) = verdict else {
        cache.tell(.sharedLookup(.unproved))
        return then(nil)
      }
      guard recorded == hash else {
        return refuse(inquiry.key, "its hash is \(hash), but the checksum database has recorded \(recorded)", then)
      }
      take(answer, then)
    }
  }

  private func take(_ answer: SmallAnswer, _ then: (SmallAnswer?) -> Void) {
    cache.tell(.sharedLookup(.found))
    then(answer)
  }

  private func refuse(_ key: String, _ reason: String, _ then: (SmallAnswer?) -> Void) {
    cache.tell(.sharedLookup(.refused))
    cache.tell(.sharedRefused(store: store.name, path: key, reason: reason))
    then(nil)
  }

  /// Longer values are looked at where nobody waits for the loop.
  private static let readAtOnce = 64 * 1024
}

extension ModuleResource {
  /// Whether replicas share it. Zips are too large, and what a checksum database says is taken from nobody who cannot prove it.
  fileprivate var isShared: Bool {
    switch self {
    case .list, .latest, .query, .info, .mod: true
    case .zip, .databaseSupported, .databaseLatest, .databaseLookup, .databaseTile: false
    }
  }
}
