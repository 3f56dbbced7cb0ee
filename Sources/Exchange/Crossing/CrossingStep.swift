import HTTPMessage
import NIOCore

/// One step of an exchange on its way to another loop, addressed to the exchange's end there.
enum CrossingStep {
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
  /// Stands for a step while it is being changed.
  case nothing

  /// Runs the step; called on the receiving loop.
  func land() {
    switch self {
    case .open(let far, let request): far.land(request)
    case .requestBody(let far, let chunk): far.landRequestBody(chunk)
    case .requestEnd(let far, let trailers): far.landRequestEnd(trailers: trailers)
    case .cancel(let far, let reason): far.landCancel(reason)
    case .responseConsumed(let far, let count): far.request?.responseConsumed(count)
    case .interim(let near, let head): near.response?.receiveInterim(head)
    case .head(let near, let head): near.response?.receiveHead(head)
    case .responseBody(let near, let chunk): near.response?.receiveResponseBody(chunk)
    case .responseEnd(let near, let trailers): near.landResponseEnd(trailers: trailers)
    case .fail(let near, let error): near.landFailure(error)
    case .stopRequest(let near, let reason): near.landStop(reason)
    case .requestConsumed(let near, let count): near.response?.requestConsumed(count)
    case .nothing: break
    }
  }

  /// Takes a later step of the same exchange and kind into this one; false if they must stay two.
  mutating func absorb(_ later: CrossingStep) -> Bool {
    if case .requestBody(let far, var bytes) = self, case .requestBody(_, let chunk) = later {
      guard Self.mayJoin(bytes, chunk) else { return false }
      // The bytes must have one owner while they grow, or each chunk would copy all before it.
      self = .nothing
      bytes.writeImmutableBuffer(chunk)
      self = .requestBody(far, bytes)
    } else if case .responseBody(let near, var bytes) = self, case .responseBody(_, let chunk) = later {
      guard Self.mayJoin(bytes, chunk) else { return false }
      self = .nothing
      bytes.writeImmutableBuffer(chunk)
      self = .responseBody(near, bytes)
    } else if case .requestConsumed(let near, let count) = self, case .requestConsumed(_, let more) = later {
      self = .requestConsumed(near, count + more)
    } else if case .responseConsumed(let far, let count) = self, case .responseConsumed(_, let more) = later {
      self = .responseConsumed(far, count + more)
    } else {
      return false
    }
    return true
  }

  /// Copying small chunks together costs less than a step each, and bounds the steps by the exchange's credit; large chunks
  /// cross as they are, without a copy.
  private static func mayJoin(_ bytes: ByteBuffer, _ chunk: ByteBuffer) -> Bool {
    bytes.readableBytes + chunk.readableBytes <= joinedBytes
  }

  private static let joinedBytes = 4 * 1024
}
