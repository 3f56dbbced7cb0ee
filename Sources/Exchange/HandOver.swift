import HTTPMessage
public import NIOCore
import Synchronization

/// The way for exchanges from one event loop to another: everything that one loop has for the other in one turn crosses as one
/// batch, with one lock and at most one wake-up.
///
/// There is one for each ordered pair of loops. It is bounded by the exchanges' own credit: a sink on this side lets no more
/// bytes go out than its far end has reported consumed.
public final class HandOver: TurnParticipant {
  private let turn: LoopTurn
  private let inbox: Inbox
  private var outgoing: [Message] = []
  private var isEnrolled = false

  /// - Parameters:
  ///   - turn: the turn of the loop that sends; the object lives there.
  ///   - destination: the loop that receives.
  public init(from turn: LoopTurn, to destination: any EventLoop) {
    self.turn = turn
    inbox = Inbox(eventLoop: destination)
  }

  public func endTurn() {
    isEnrolled = false
    inbox.deliver(&outgoing)
  }

  func send(_ message: Message) {
    if case .requestBody(let far, let chunk) = message, case .requestBody(let last, var bytes)? = outgoing.last, last === far {
      outgoing.removeLast()
      bytes.writeImmutableBuffer(chunk)
      outgoing.append(.requestBody(far, bytes))
    } else {
      outgoing.append(message)
    }
    guard !isEnrolled else { return }
    isEnrolled = true
    turn.enroll(self)
  }
}

extension HandOver {
  /// One step of an exchange, addressed to its end on the receiving loop.
  enum Message {
    case open(FarEnd, ExchangeRequest)
    case requestBody(FarEnd, ByteBuffer)
    case requestEnd(FarEnd, FieldSection?)
    case cancel(FarEnd, ResetReason)
    case responseConsumed(FarEnd, Int)
    case interim(NearEnd, ResponseHead)
    case head(NearEnd, ResponseHead)
    case responseBody(NearEnd, ByteBuffer)
    case responseEnd(NearEnd, FieldSection?)
    case fail(NearEnd, GatewayError)
    case stopRequest(NearEnd, ResetReason)
    case requestConsumed(NearEnd, Int)

    /// Runs the step; called on the receiving loop.
    func land() {
      switch self {
      case .open(let far, let request): far.land(request)
      case .requestBody(let far, let chunk): far.request?.receiveRequestBody(chunk)
      case .requestEnd(let far, let trailers): far.landRequestEnd(trailers: trailers)
      case .cancel(let far, let reason): far.landCancel(reason)
      case .responseConsumed(let far, let count): far.request?.responseConsumed(count)
      case .interim(let near, let head): near.response?.receiveInterim(head)
      case .head(let near, let head): near.response?.receiveHead(head)
      case .responseBody(let near, let chunk): near.response?.receiveResponseBody(chunk)
      case .responseEnd(let near, let trailers): near.landResponseEnd(trailers: trailers)
      case .fail(let near, let error): near.landFailure(error)
      case .stopRequest(let near, let reason): near.response?.stopRequest(reason)
      case .requestConsumed(let near, let count): near.response?.requestConsumed(count)
      }
    }
  }

  /// The receiving loop's queue.
  ///
  /// Unchecked because messages hold objects of either loop. It is safe: a message is made on the sending loop, passes through
  /// the mutex once, and only the receiving loop calls into the end that it is addressed to.
  private final class Inbox: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let queue = Mutex(Batch())

    /// Unchecked for the reason given at `Inbox`: ownership of the messages moves with the batch.
    private struct Batch: @unchecked Sendable {
      var messages: [Message] = []
    }

    init(eventLoop: any EventLoop) {
      self.eventLoop = eventLoop
    }

    func deliver(_ messages: inout [Message]) {
      let batch = Batch(messages: messages)
      messages.removeAll(keepingCapacity: true)
      let wasEmpty = queue.withLock { queue in
        let wasEmpty = queue.messages.isEmpty
        queue.messages.append(contentsOf: batch.messages)
        return wasEmpty
      }
      if wasEmpty { eventLoop.execute { self.land() } }
    }

    private func land() {
      let batch = queue.withLock { queue in
        let batch = queue
        queue.messages = []
        return batch
      }
      for message in batch.messages { message.land() }
    }
  }
}
