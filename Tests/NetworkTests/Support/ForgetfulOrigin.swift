import Exchange
import HTTPMessage
import NIOCore
import Synchronization

/// Never answers the first request that comes; answers all others with their number.
final class ForgetfulOrigin: ExchangeHandler {
  /// Requests so far, of all loops of an origin.
  final class Count: Sendable {
    private let value = Mutex(0)
    var current: Int { value.withLock { $0 } }
    func next() -> Int {
      value.withLock { value in
        value += 1
        return value
      }
    }
  }

  private let count: Count

  init(_ count: Count) {
    self.count = count
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let number = count.next()
    if number > 1 {
      sink.receiveHead(ResponseHead(status: 200, fields: ["number": "\(number)"], bodyLength: .none))
      sink.receiveResponseEnd(trailers: nil)
    }
    return IgnoringSink()
  }
}
