import Exchange
import HTTPMessage
import NIOCore
import Wires

/// One request on its way over the link: waits for a connection where there is none, and moves to another one when its own is
/// lost or silent and no harm can come of it.
///
/// No harm can come of it when nothing of an answer was passed on and the request was certainly not processed, or may be
/// processed twice (RFC 9110 §9.2.2); the latter happens once. Content that may be wanted again is kept, up to a bound.
final class LinkExchange: RequestSink, ResponseSink {
  let request: ExchangeRequest
  /// Bounds the wait for a connection; set by the link.
  var wait: LimitedWait?
  private unowned let link: QUICLink
  let mayBeRepeated: Bool
  private var client: (any ResponseSink)?
  private var target: (any RequestSink)?
  private var connection: ForwardConnection?
  /// Copies with the first flights of attempts that were not answered yet.
  private var rides: [EarlyRide] = []
  /// All that the client has sent behind the head; nil when it is not kept any more.
  private var backlog: RequestBacklog? = RequestBacklog()
  private var keptBytes = 0
  private var attempts = 0
  private var rideCount = 0
  private var hasRepeated = false
  private var isOutOfPatience = false
  private var isAnswered = false
  private var hasEnded = (request: false, response: false)
  private var taken = TakenContent()

  /// - Parameter mayBeRepeated: whether it does no harm if an origin gets the request twice.
  init(_ request: ExchangeRequest, mayBeRepeated: Bool, link: QUICLink, respondingTo sink: any ResponseSink) {
    self.request = request
    self.mayBeRepeated = mayBeRepeated
    self.link = link
    client = sink
  }

  deinit {
    wait?.end()
  }

  /// Sends the request on a connection, with all that has come of it.
  func begin(on connection: ForwardConnection) {
    guard client != nil, let backlog else { return }
    // As long as a core is not confirmed it may refuse us, and then the wait goes on.
    if connection.isConfirmed { endWait() }
    attempts += 1
    let attempt = attempts
    self.connection = connection
    taken.changedCarrier()
    let target = connection.wire.open(request, respondingTo: self)
    // A refusal inside `open` has ended the exchange, or has moved it on.
    guard client != nil, attempt == attempts, self.connection === connection else { return }
    self.target = target
    backlog.replay(to: target)
    if keptBytes > 0, !keepsContent { forgetContent() }
  }

  /// The connection does not answer and another one does: moves there if no harm can come of it.
  ///
  /// - Returns: whether it has moved.
  func leaveSilentConnection() -> Bool {
    guard client != nil, mayRepeat else { return false }
    hasRepeated = true
    let target = self.target
    detach()
    target?.cancel(.cancelled)
    link.place(self)
    return true
  }

  /// The wait for a link has been as long as it may be. What a connection carries by then goes on there, but moves no more.
  func waitPassed(_ error: GatewayError) {
    guard let client else { return }
    if let connection, rides.isEmpty || !connection.isSuspect {
      isOutOfPatience = true
      return
    }
    let target = self.target
    release()
    target?.cancel(.cancelled)
    client.fail(error)
  }

  // MARK: RequestSink

  func receiveRequestBody(_ chunk: ByteBuffer) {
    if backlog != nil {
      keptBytes += chunk.readableBytes
      if target == nil || !rides.isEmpty || keepsContent { backlog?.chunks.append(chunk) } else { forgetContent() }
    }
    target?.receiveRequestBody(chunk)
    for ride in rides { ride.target?.receiveRequestBody(chunk) }
  }

  func receiveRequestEnd(trailers: FieldSection?) {
    hasEnded.request = true
    backlog?.isEnded = true
    backlog?.trailers = trailers
    target?.receiveRequestEnd(trailers: trailers)
    for ride in rides { ride.target?.receiveRequestEnd(trailers: trailers) }
    releaseIfOver()
  }

  func cancel(_ reason: ResetReason) {
    let target = self.target
    if target == nil, client != nil { link.forget(self) }
    release()
    target?.cancel(reason)
  }

  func responseConsumed(_ byteCount: Int) { target?.responseConsumed(byteCount) }

  // MARK: ResponseSink

  func receiveInterim(_ head: ResponseHead) {
    beginAnswer()
    client?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    beginAnswer()
    client?.receiveHead(head)
  }

  func receiveResponseBody(_ chunk: ByteBuffer) { client?.receiveResponseBody(chunk) }

  func receiveResponseEnd(trailers: FieldSection?) {
    hasEnded.response = true
    client?.receiveResponseEnd(trailers: trailers)
    releaseIfOver()
  }

  func fail(_ error: GatewayError) {
    guard let client else { return }
    let connection = self.connection
    detach()
    // Copies are on their way with attempts to connect, of which there may be many and none answered.
    if !rides.isEmpty { return link.limitWait(of: self) }
    if connection != nil, mayMove(after: error) { return link.place(self) }
    // Who has waited for a silent core for so long does not wait for another connection to it as well.
    if let connection, connection.isOver, mayRepeat, !connection.endedInSilence || link.hasUsableCore {
      hasRepeated = true
      link.repeated(1)
      return link.place(self)
    }
    release()
    client.fail(error)
  }

  func stopRequest(_ reason: ResetReason) { client?.stopRequest(reason) }

  func requestConsumed(_ byteCount: Int) {
    tell(news: taken.took(byteCount))
  }
}

extension LinkExchange {
  /// What was certainly not processed may go elsewhere, whatever it is; who has waited as long as he may does not wait again.
  private func mayMove(after error: GatewayError) -> Bool {
    error.retry == .safe && error.cause != .connectionLimitReached && !isAnswered && backlog != nil && !isOutOfPatience
      && attempts < Self.attemptLimit
  }

  private var mayRepeat: Bool { mayBeRepeated && !hasRepeated && !isAnswered && backlog != nil }

  private var keepsContent: Bool {
    keptBytes <= Self.keptByteLimit && !isAnswered && (mayBeRepeated || connection?.isConfirmed != true)
  }

  private func beginAnswer() {
    isAnswered = true
    endRides(except: nil)
    forgetContent()
  }

  /// A request of which nothing but the head has come is kept without content.
  private func forgetContent() {
    guard keptBytes > 0 else { return }
    backlog = nil
  }

  private func detach() {
    connection = nil
    target = nil
  }

  private func releaseIfOver() {
    if hasEnded.request, hasEnded.response { release() }
  }

  private func endWait() {
    wait?.end()
    wait = nil
  }

  private func tell(news: Int) {
    if news > 0 { client?.requestConsumed(news) }
  }

  private func release() {
    endWait()
    endRides(except: nil)
    client = nil
    backlog = nil
    detach()
  }

  private static let keptByteLimit = 64 << 10
  private static let attemptLimit = 8
}

// MARK: Copies in first flights

extension LinkExchange {
  /// The exchange that takes an answer, itself or by one of its copies.
  static func behind(_ response: any ResponseSink) -> LinkExchange? {
    (response as? LinkExchange) ?? (response as? EarlyRide)?.exchange
  }

  /// Sends a copy with the first flight of an attempt, beside whatever carries the exchange already: which of them arrives, and is
  /// answered, nobody knows yet.
  ///
  /// - Returns: false when no copy may be made.
  func ride(on attempt: ForwardConnection) -> Bool {
    guard client != nil, mayBeRepeated, !isAnswered, let backlog, rideCount < Self.rideLimit,
      connection !== attempt, !rides.contains(where: { $0.connection === attempt })
    else { return false }
    guard target == nil || !hasRepeated || !rides.isEmpty, attempt.earlyRoom.take(byteCount) else { return false }
    if target != nil { hasRepeated = true }
    rideCount += 1
    let ride = EarlyRide(of: self, on: attempt)
    rides.append(ride)
    let sink = attempt.wire.open(request, respondingTo: ride)
    guard rides.contains(where: { $0 === ride }) else { return true }
    ride.target = sink
    backlog.replay(to: sink)
    return true
  }

  /// The core has answered this attempt. A copy that went with it is the exchange from now on.
  func answered(on attempt: ForwardConnection) {
    if let ride = rides.first(where: { $0.connection === attempt }) { follow(ride) }
  }

  /// A core answers, and it is not one that copies of this are on the way to: the exchange goes there itself. The copies go on as
  /// well. When a link comes back their answer may be under way, a round trip ahead.
  func goBesideRides() {
    guard client != nil, !rides.isEmpty, !isAnswered, backlog != nil else { return }
    if let connection, !connection.isOver, !connection.isSuspect { return }
    let former = target
    detach()
    former?.cancel(.cancelled)
    link.place(self)
  }

  /// An answer begins on one of the copies.
  fileprivate func follow(_ ride: EarlyRide) {
    guard client != nil, rides.contains(where: { $0 === ride }) else { return }
    let former = target
    endRides(except: ride)
    target = ride.target
    connection = ride.connection
    taken.changedCarrier(taken: ride.takenBytes)
    former?.cancel(.cancelled)
    // A core that is not confirmed may still refuse us, and then the wait goes on.
    if ride.connection.isConfirmed { endWait() }
  }

  /// A copy is over before any answer; the others go on, and without others it waits for a link again.
  fileprivate func ended(_ ride: EarlyRide, _ error: GatewayError) {
    guard client != nil, rides.contains(where: { $0 === ride }) else { return }
    rides.removeAll { $0 === ride }
    guard rides.isEmpty, target == nil else { return }
    if rideCount < Self.rideLimit { link.place(self) } else { fail(error) }
  }

  fileprivate func consumed(_ byteCount: Int) { tell(news: taken.news(of: byteCount)) }

  func isCarried(by connection: ForwardConnection) -> Bool { self.connection === connection }

  /// What it takes of a first flight, before compression.
  private var byteCount: Int { request.head.fields.reduce(keptBytes) { $0 + $1.name.count + $1.value.count } }

  private func endRides(except kept: EarlyRide?) {
    let others = rides.filter { $0 !== kept }
    rides = []
    for ride in others { ride.leave() }
  }

  /// In five seconds of waiting there are 25 attempts.
  private static let rideLimit = 200
}

/// A copy of a request with the first flight of an attempt.
private final class EarlyRide: ResponseSink {
  private(set) var exchange: LinkExchange?
  let connection: ForwardConnection
  var target: (any RequestSink)?
  private(set) var takenBytes = 0

  init(of exchange: LinkExchange, on connection: ForwardConnection) {
    self.exchange = exchange
    self.connection = connection
  }

  /// Another one was faster, or the exchange is over.
  func leave() {
    exchange = nil
    target?.cancel(.cancelled)
    target = nil
  }

  func receiveInterim(_ head: ResponseHead) {
    exchange?.follow(self)
    exchange?.receiveInterim(head)
  }

  func receiveHead(_ head: ResponseHead) {
    exchange?.follow(self)
    exchange?.receiveHead(head)
  }

  func receiveResponseBody(_ chunk: ByteBuffer) { exchange?.receiveResponseBody(chunk) }
  func receiveResponseEnd(trailers: FieldSection?) { exchange?.receiveResponseEnd(trailers: trailers) }

  func fail(_ error: GatewayError) {
    guard let exchange else { return }
    if exchange.isCarried(by: connection) { exchange.fail(error) } else { exchange.ended(self, error) }
  }

  func stopRequest(_ reason: ResetReason) {
    if exchange?.isCarried(by: connection) == true { exchange?.stopRequest(reason) }
  }

  func requestConsumed(_ byteCount: Int) {
    takenBytes += byteCount
    exchange?.consumed(takenBytes)
  }
}
