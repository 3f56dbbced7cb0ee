import Events
import Exchange
import HTTPMessage
import NIOCore

/// One zip on its way into the cache, and to all clients that ask for it meanwhile.
///
/// Content goes into a file as it comes and from there to the clients, each at its own pace; none of them holds up another or the
/// fetch. The last bytes are held back until the whole has been checked, so nobody gets a complete zip that is wrong.
final class ZipFill: DownloadOwner {
  let key: String
  private let module: ModulePath
  private let version: ModuleVersion
  private let cache: ModuleCache
  private let request: ExchangeRequest
  private var download: Download!
  private var file: IncomingFile?
  private var head: ZipHead?
  /// What has come and is not in the file yet.
  private var pending: ByteBuffer?
  private var isWriting = false
  private var written = 0
  private var hasEnded = false
  /// All of it is there, and is being looked at.
  private var isChecked = false
  /// And it was right.
  private var isRight = false
  /// The origin's answer when it is no zip.
  private var refusal: ResponseHead?
  private var refusalBody = ByteBuffer()
  private var waiting: [ZipClient] = []
  private var readers: [ObjectIdentifier: (reader: ContentReader, client: ZipClient)] = [:]
  /// Since when nobody waits for it.
  private var unwantedSince: NIODeadline?
  private var isOver = false
  private var verdict: DatabaseChecks.Pending?
  /// Always the same one, so that what goes on in the middle does so where it began.
  private let source: any ExchangeHandler

  init(key: String, _ module: ModulePath, _ version: ModuleVersion, request: ExchangeRequest, cache: ModuleCache) {
    self.key = key
    self.module = module
    self.version = version
    self.request = request
    self.cache = cache
    source = cache.source(for: .zip(module, version))
  }

  func begin() {
    verdict = cache.checks.verdict(on: module, version, for: request)
    cache.executor.run { [store = cache.store] in try store.begin() }.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let file):
        self.file = file
        let limits = cache.limits(bytes: ModuleResource.zip(module, version).byteLimit, resumes: true)
        download = Download(request, from: source, limits: limits, executor: cache.executor, owner: self)
        download.begin()
      case .failure(let error):
        cache.tell(.storageFailed(path: key, reason: "\(error)"))
        endPassingOn()
      }
    }
  }

  /// Another client wants it.
  func add(_ client: ZipClient) {
    waiting.append(client)
    unwantedSince = nil
    beginReading()
  }

  func remove(_ client: ZipClient) {
    waiting.removeAll { $0 === client }
    clientLeft()
  }

  /// Whether anybody waits for it.
  var hasClients: Bool { !waiting.isEmpty || !readers.isEmpty }

  // MARK: What comes

  func downloadBegan(_ head: ResponseHead) {
    refusalBody.clear()
    refusal = head.status == 200 ? nil : head
    self.head = head.status == 200 ? ZipHead(head, fetchedAt: cache.executor.unixTime()) : nil
  }

  /// What is resumed never begins anew.
  func downloadRestarted() {}

  func downloadReceived(_ chunk: ByteBuffer) {
    if refusal != nil {
      refusalBody.writeImmutableBuffer(chunk)
      let count = chunk.readableBytes
      cache.executor.eventLoop.assumeIsolated().execute { [self] in download.consumed(count) }
      return
    }
    if pending == nil { pending = chunk } else { pending?.writeImmutableBuffer(chunk) }
    write()
  }

  func downloadCompleted() {
    if let refusal { return end(answering: refusal) }
    hasEnded = true
    write()
  }

  func downloadFailed(_ failure: TransferFailure, status: Int?) {
    cache.report(failure, of: .zip(module, version), key: key, status: status, download.transfer, request)
    end(failing: failure.gatewayError)
  }

  // MARK: Steps

  /// One write at a time; what comes meanwhile goes with the next.
  private func write() {
    guard !isWriting, let file, !isChecked else { return }
    guard let batch = pending else {
      if hasEnded { check() }
      return
    }
    pending = nil
    isWriting = true
    cache.executor.run { try file.append(batch) }.assumeIsolated().whenComplete { [self] result in
      isWriting = false
      guard !isOver else { return }
      switch result {
      case .success:
        written += batch.readableBytes
        download.consumed(batch.readableBytes)
        beginReading()
        showProgress()
        write()
      case .failure(let error):
        download.cancel()
        cache.tell(.storageFailed(path: key, reason: "\(error)"))
        endPassingOn()
      }
    }
  }

  private func showProgress() {
    if isRight {
      for (reader, _) in readers.values { reader.settle(total: written) }
      return
    }
    let visible = max(0, (download.transfer.total ?? written) - Self.heldBytes)
    for (reader, _) in readers.values { reader.allow(upTo: min(written, visible), total: download.transfer.total) }
  }

  /// All of it is in the file.
  private func check() {
    guard let file, !isChecked else { return }
    isChecked = true
    let hashed = cache.executor.runLong { [module, version] in try ModuleZip.hash(file, module: module, version: version) }
    hashed.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .failure(let error): refuse(.malformed, "\(error)")
      case .success(let hash):
        guard let verdict else { return judge(hash, .unknown) }
        verdict.settled { [self] in judge(hash, $0) }
      }
    }
  }

  private func judge(_ hash: String, _ verdict: ChecksumDatabase.Verdict) {
    switch verdict {
    case .untrusted(let reason): refuse(.databaseUntrusted, reason)
    case .recorded(let recorded?, _) where recorded != hash:
      refuse(.hashMismatch, "its hash is \(hash), but the checksum database has recorded \(recorded)")
    case .recorded(let recorded, _): keep(recordedHash: recorded)
    case .unknown: keep(recordedHash: nil)
    }
  }

  private func refuse(_ refusal: ModuleRefusal, _ reason: String) {
    end(failing: cache.refuse(refusal, .zip(module, version), key: key, reason, download.transfer, request))
  }

  /// The clients get the rest, and the next ones find it in the cache.
  private func keep(recordedHash: String?) {
    for _ in 0..<download.transfer.resumeCount { cache.tell(.resumed) }
    let size = written
    isRight = true
    showProgress()
    guard let file, let head else { return }
    let kept = cache.executor.run { [store = cache.store, key] in
      try store.keep(
        file,
        EntryHeader(
          key: key, byteCount: size, digest: file.digest, fetchedAt: head.fetchedAt, contentType: head.contentType,
          entityTag: head.entityTag, recordedHash: recordedHash))
    }
    kept.assumeIsolated().whenComplete { [self] result in
      if case .failure(let error) = result { cache.tell(.storageFailed(path: key, reason: "\(error)")) }
      cache.fillEnded(key)
    }
  }

  /// With the first byte: until then the origin may still say something else.
  private func beginReading() {
    guard written > 0, let head, let file else { return }
    let clients = waiting
    waiting = []
    for client in clients { beginReading(client, head, file) }
    clientLeft()
  }

  /// Who comes back soon finds it further on; for nobody it does not go on.
  private func clientLeft() {
    guard !hasClients, unwantedSince == nil else { return }
    let since = cache.executor.now()
    unwantedSince = since
    cache.executor.after(Self.unwantedPatience) { [weak self] in
      guard let self, unwantedSince == since, !isOver, !hasEnded, let download else { return }
      download.cancel()
      end(failing: GatewayError(.httpResponseIncomplete, side: .origin, message: "nobody waited for \(key) any more"))
    }
  }

  private func beginReading(_ client: ZipClient, _ head: ZipHead, _ file: IncomingFile) {
    let total = isRight ? written : download.transfer.total
    let reader = client.read(file, head, total: total, from: .fill(isFirst: client.isFirst))
    guard let reader else { return }
    readers[ObjectIdentifier(reader)] = (reader, client)
    reader.onEnd = { [weak self, unowned reader] in
      self?.readers[ObjectIdentifier(reader)] = nil
      self?.clientLeft()
    }
    showProgress()
  }

  private func end(failing error: GatewayError) {
    isOver = true
    cache.fillEnded(key)
    let clients = waiting
    waiting = []
    for client in clients { client.fail(error) }
    for (reader, _) in readers.values { reader.fail(error) }
  }

  /// There is room for it neither on the disk nor in memory: it is the origin's and the clients' business alone.
  private func endPassingOn() {
    isOver = true
    cache.fillEnded(key)
    let clients = waiting
    waiting = []
    for client in clients { client.forward(to: source) }
    guard let head else { return }
    for (_, client) in readers.values { client.passOnRest(of: head, total: download.transfer.total, from: source) }
  }

  private func end(answering head: ResponseHead) {
    isOver = true
    cache.fillEnded(key)
    let answer = SmallAnswer(head, body: refusalBody, unixTime: cache.executor.unixTime())
    cache.rememberMissing(key, answer)
    if head.status == 429 || head.status >= 500 {
      let failure = TransferFailure(.unreachable, "the origin answered \(head.status)")
      cache.report(failure, of: .zip(module, version), key: key, status: head.status, download.transfer, request)
    }
    let clients = waiting
    waiting = []
    for client in clients { client.answer(answer, .fetched) }
  }

  /// Held back until the whole has been checked.
  private static let heldBytes = 64 * 1024
  /// How long it goes on while nobody waits for it.
  private static let unwantedPatience = TimeAmount.seconds(60)
}

/// What the head of a zip's answer says.
struct ZipHead: Sendable {
  var contentType: String
  var entityTag: String?
  var fetchedAt: Int64
  /// What caches before this one have said of it, while it comes.
  var upstreamStatus: String?

  init(_ head: ResponseHead, fetchedAt: Int64) {
    upstreamStatus = AnswerSource.status(in: head)
    contentType = head.fields.text(.contentType) ?? "application/zip"
    entityTag = head.fields.text("etag")
    self.fetchedAt = fetchedAt - max(0, min(head.fields.text("age").flatMap { Int64($0) } ?? 0, 1 << 32))
  }

  init(_ header: EntryHeader) {
    contentType = header.contentType
    entityTag = header.entityTag
    fetchedAt = header.fetchedAt
  }
}

extension TransferFailure {
  var gatewayError: GatewayError {
    switch cause {
    case .unreachable: GatewayError(.destinationUnavailable, side: .origin, retry: .safe, message: reason)
    case .broken: GatewayError(.httpResponseIncomplete, side: .origin, message: reason)
    case .tooLarge: GatewayError(.httpProtocolError, side: .origin, message: reason)
    }
  }
}
