internal import NIOCore

/// Decides whose handshake begins, who has to wait for it, and who must prove its address first (a pure value).
///
/// So many are in progress at most, so many begin in one turn of the loop, and of both places and queue one address has no more than
/// its share: whoever fills those leaves the others' to the others.
struct HandshakeAdmission<Handshake> {
  /// What becomes of a client's first packet.
  enum Decision {
    case begin
    /// It is in the queue; the packet was kept.
    case wait
    /// It must prove its address with a Retry (RFC 9000 §8.1.2).
    case retry
    /// There is no room; it comes again.
    case drop
  }

  /// Handshakes that have begun and not ended.
  private(set) var inProgress = 0
  private var inProgressOf: [AddressBlock: Int] = [:]
  private var begunThisTurn = 0
  private var queue: HandshakeQueue<Handshake>
  /// Junk that is answered otherwise must not use it up: it is what lets honest clients in while somebody sends much of that.
  private var retryBudget: TokenBucket
  private let limit: Int
  private let limitForOne: Int
  private let limitPerTurn: Int
  private let retryThreshold: Int

  init(_ configuration: EndpointConfiguration) {
    limit = configuration.handshakeLimit
    limitForOne = Self.share(of: configuration.handshakeLimit, configuration)
    limitPerTurn = configuration.handshakesPerTurn
    retryThreshold = configuration.retryThreshold
    queue = HandshakeQueue(
      capacity: configuration.waitingHandshakeLimit,
      capacityForOne: Self.share(of: configuration.waitingHandshakeLimit, configuration),
      patience: .nanoseconds(Int64(clamping: configuration.handshakePatience.nanoseconds)))
    retryBudget = TokenBucket(perSecond: configuration.retriesPerSecond)
  }

  /// How many clients wait.
  var waitingCount: Int { queue.count }

  /// Whether `next` has somebody as soon as a turn begins.
  var hasNext: Bool { !queue.isEmpty && inProgress < limit && queue.contains(where: hasPlace) }

  /// Decides on a client's first packet.
  ///
  /// - Parameters:
  ///   - hasProvedAddress: it came with a token of ours. Only such clients may take room in the queue.
  ///   - id: the destination of the packet, the same when it is sent again.
  ///   - handshake: what is kept of it if it waits.
  mutating func decide(
    hasProvedAddress: Bool, from block: AddressBlock, id: ConnectionID, now: NIODeadline, handshake: () -> Handshake
  ) -> Decision {
    let mustWait = isFull || !queue.isEmpty || !hasPlace(block)
    if hasProvedAddress {
      guard mustWait else { return .begin }
      return queue.append(handshake(), of: id, from: block, now: now) ? .wait : .drop
    }
    guard mustWait || inProgress >= retryThreshold else { return .begin }
    return retryBudget.take(now: now) ? .retry : .drop
  }

  /// The client whose turn it is among those that wait; nil when there is none, or no room in this turn.
  mutating func next(now: NIODeadline) -> Handshake? {
    guard !isFull, !queue.isEmpty else { return nil }
    // The closure holds these and not the whole value, which would make the queue be copied.
    let (inProgressOf, limitForOne) = (inProgressOf, limitForOne)
    return queue.popNext(now: now) { inProgressOf[$0] ?? 0 < limitForOne }
  }

  /// The work of a handshake is done now, whether it leads to a connection or not.
  mutating func begun() { begunThisTurn += 1 }

  mutating func turnEnded() { begunThisTurn = 0 }

  /// A connection's handshake is in progress from now on.
  mutating func took(_ block: AddressBlock) {
    inProgress += 1
    inProgressOf[block, default: 0] += 1
  }

  /// It is in progress no more.
  mutating func released(_ block: AddressBlock) {
    inProgress -= 1
    guard let count = inProgressOf[block] else { return }
    inProgressOf[block] = count > 1 ? count - 1 : nil
  }

  private var isFull: Bool { inProgress >= limit || begunThisTurn >= limitPerTurn }

  private func hasPlace(_ block: AddressBlock) -> Bool { inProgressOf[block] ?? 0 < limitForOne }

  private static func share(of whole: Int, _ configuration: EndpointConfiguration) -> Int {
    max(1, whole / max(1, configuration.addressShare))
  }
}
