import Events
import Exchange
import NIOCore

/// What the checksum database says of versions, asked through the sources of modules and waited for no longer than it is worth: a
/// database that is away must not keep modules away.
final class DatabaseChecks {
  private unowned let cache: ModuleCache
  private unowned let answers: SmallAnswers
  /// Until when it is left alone: what is known of it already goes on to count.
  private var restsUntil = NIODeadline.distantPast
  /// What it has not answered since it last answered something: one question says nothing of others.
  private var unanswered: Set<String> = []
  private var pending: [ObjectIdentifier: Pending] = [:]

  init(cache: ModuleCache, answers: SmallAnswers) {
    self.cache = cache
    self.answers = answers
  }

  /// A question that has been asked.
  final class Pending {
    fileprivate var verdict: ChecksumDatabase.Verdict?
    fileprivate var onSettled: ((ChecksumDatabase.Verdict) -> Void)?
    fileprivate let name: String
    private unowned let checks: DatabaseChecks

    fileprivate init(_ name: String, _ checks: DatabaseChecks) {
      self.name = name
      self.checks = checks
    }

    /// Calls back with the verdict, at once if it is there; it is `unknown` when it does not come in time. To be called once.
    func settled(_ action: @escaping (ChecksumDatabase.Verdict) -> Void) {
      if let verdict { return action(verdict) }
      onSettled = action
      checks.awaitInTime(self)
    }

    fileprivate func settle(_ verdict: ChecksumDatabase.Verdict) {
      guard self.verdict == nil else { return }
      self.verdict = verdict
      let action = onSettled
      onSettled = nil
      action?(verdict)
    }
  }

  /// - Returns: nil where nobody is to be asked.
  func verdict(on module: ModulePath, _ version: ModuleVersion, for request: ExchangeRequest) -> Pending? {
    guard let key = cache.settings.database, !cache.settings.isPrivate(module) else { return nil }
    let folder = "sumdb/\(key.name)/"
    let question = Pending("\(module.text)@\(version.text)", self)
    let files = ChecksumDatabase.Files(
      fetch: { [self, name = question.name] path in fetch(folder + path, of: name, like: request) },
      prove: { [answers] paths in answers.prove(paths.map { folder + $0 }) },
      forget: { [answers] paths in answers.forget(paths.map { folder + $0 }) })
    pending[ObjectIdentifier(question)] = question
    let database = ChecksumDatabase(key: key, eventLoop: cache.executor.eventLoop, files: files)
    database.verdict(on: module, version).assumeIsolated().whenComplete { [self] result in
      pending[ObjectIdentifier(question)] = nil
      let verdict = (try? result.get()) ?? .unknown
      if case .recorded = verdict { unanswered.removeAll() }
      question.settle(verdict)
    }
    return question
  }

  private func fetch(_ key: String, of question: String, like request: ExchangeRequest) -> EventLoopFuture<ByteBuffer?> {
    let content = answers.content(of: key, like: request, mayAsk: cache.executor.now() >= restsUntil)
    content.assumeIsolated().whenFailure { [self] _ in failed(question) }
    return content
  }

  private func awaitInTime(_ question: Pending) {
    cache.executor.after(Self.patience) { [weak self, weak question] in
      guard let self, let question, question.verdict == nil else { return }
      failed(question.name)
      question.settle(.unknown)
    }
  }

  private func failed(_ question: String) {
    if unanswered.count < Self.several { unanswered.insert(question) }
    if unanswered.count >= Self.several { leaveAlone() }
  }

  /// It is away: nobody waits for it for a while.
  private func leaveAlone() {
    let now = cache.executor.now()
    if now >= restsUntil, let key = cache.settings.database {
      cache.tell(.databaseUnreachable(name: key.name, restSeconds: Int(Self.rest.nanoseconds / 1_000_000_000)))
    }
    restsUntil = now + Self.rest
    let waiting = pending
    pending = [:]
    for question in waiting.values { question.settle(.unknown) }
  }

  private static let patience = TimeAmount.seconds(10)
  private static let rest = TimeAmount.seconds(60)
  private static let several = 3
}
