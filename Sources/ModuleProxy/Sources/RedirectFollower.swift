public import Exchange
public import HTTPMessage
public import NIOCore

/// Follows the redirects of a module origin, so that clients need no way of their own to where it keeps its files.
///
/// What may not be followed is passed on: the answer is the client's, as it is.
public final class RedirectFollower: ExchangeHandler {
  /// Who answers where a redirect leads.
  public enum Destination {
    /// The origin itself.
    case origin
    /// Another host, which learns nothing of the client.
    case other(any ExchangeHandler)
  }

  fileprivate let origin: any ExchangeHandler
  fileprivate let eventLoop: any EventLoop
  fileprivate let destination: (Redirect, _ from: RequestHead) -> Destination?

  /// - Parameter destination: nil for what is not to be followed.
  public init(
    _ origin: any ExchangeHandler, eventLoop: any EventLoop,
    destination: @escaping (Redirect, _ from: RequestHead) -> Destination?
  ) {
    self.origin = origin
    self.eventLoop = eventLoop
    self.destination = destination
  }

  public func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let exchange = FollowedExchange(request, sink: sink, follower: self)
    exchange.ask(origin, request)
    return exchange
  }
}

/// One request and where it was sent on to.
private final class FollowedExchange: RequestSink {
  private let request: ExchangeRequest
  private let follower: RedirectFollower
  /// Nil when it is over.
  private var sink: (any ResponseSink)?
  /// As it was sent last.
  private var head: RequestHead
  private var leg: Leg?
  private var followed = 0
  private var requestEnded = false

  init(_ request: ExchangeRequest, sink: any ResponseSink, follower: RedirectFollower) {
    self.request = request
    self.sink = sink
    self.follower = follower
    head = request.head
  }

  func ask(_ handler: any ExchangeHandler, _ request: ExchangeRequest) {
    head = request.head
    let leg = Leg(self)
    self.leg = leg
    let target = handler.open(request, respondingTo: leg)
    guard leg === self.leg else { return }
    leg.target = target
    if requestEnded { target.receiveRequestEnd(trailers: nil) }
  }

  func receiveInterim(_ head: ResponseHead) { sink?.receiveInterim(head) }

  func receive(_ response: ResponseHead, _ leg: Leg) {
    guard let (handler, request) = next(after: response) else {
      sink?.receiveHead(response)
      return
    }
    followed += 1
    leg.disown()
    self.leg = nil
    // Not from inside what a handler calls.
    follower.eventLoop.assumeIsolated().execute { [self] in
      leg.leave()
      guard sink != nil else { return }
      guard followed <= Self.limit else { return fail(Self.endless) }
      ask(handler, request)
    }
  }

  func receiveBody(_ chunk: ByteBuffer) { sink?.receiveResponseBody(chunk) }
  func receiveEnd(_ trailers: FieldSection?) { finish()?.receiveResponseEnd(trailers: trailers) }
  func fail(_ error: GatewayError) { finish()?.fail(error) }

  private func next(after response: ResponseHead) -> (any ExchangeHandler, ExchangeRequest)? {
    guard Self.statuses.contains(response.status), let location = response.fields.text("location"),
      let scheme = head.scheme.flatMap({ Redirect.Scheme(rawValue: String(decoding: $0, as: UTF8.self)) }),
      let authority = head.fields.text(.authority), let path = head.fields.text(.path),
      let redirect = Redirect(location, scheme: scheme, authority: authority, path: path),
      // What was asked for in secret is not asked for in the open.
      scheme == .http || redirect.scheme == .https, let destination = follower.destination(redirect, head)
    else { return nil }
    var request = request
    switch destination {
    case .origin:
      request.head.fields.replace(.path, with: redirect.path.utf8)
      return (follower.origin, request)
    case .other(let handler):
      request.head = head(of: redirect)
      return (handler, request)
    }
  }

  private func head(of redirect: Redirect) -> RequestHead {
    var fields = FieldSection()
    for name in Self.carried {
      for value in request.head.fields.all(name) { fields.append(name, value) }
    }
    return RequestHead(
      method: String(decoding: request.head.method, as: UTF8.self), scheme: redirect.scheme.rawValue,
      authority: redirect.authority, path: redirect.path, fields: fields)
  }

  private func finish() -> (any ResponseSink)? {
    leg = nil
    defer { sink = nil }
    return sink
  }

  func receiveRequestBody(_ chunk: ByteBuffer) {}

  func receiveRequestEnd(trailers: FieldSection?) {
    requestEnded = true
    leg?.target?.receiveRequestEnd(trailers: nil)
  }

  func responseConsumed(_ byteCount: Int) { leg?.target?.responseConsumed(byteCount) }

  func cancel(_ reason: ResetReason) {
    let leg = leg
    _ = finish()
    leg?.leave()
  }

  private static let statuses: Set<Int> = [301, 302, 303, 307, 308]
  /// Redirects that are followed for one request.
  private static let limit = 5
  private static let endless = GatewayError(
    .loopDetected, side: .origin, message: "a module origin redirects again and again; \(limit) redirects were followed")
  /// What another host gets of the request's fields: what part is wanted, and by which a loop is known.
  private static let carried: [FieldName] = ["range", "if-range", "user-agent", .via, "cdn-loop"]
}

/// One of the requests that it takes.
private final class Leg: ResponseSink {
  var target: (any RequestSink)?
  /// Until it is over: the two hold each other.
  private var exchange: FollowedExchange?

  init(_ exchange: FollowedExchange) { self.exchange = exchange }

  /// What still comes of it is nobody's.
  func disown() { exchange = nil }

  func leave() {
    disown()
    target?.cancel(.cancelled)
    target = nil
  }

  func receiveInterim(_ head: ResponseHead) { exchange?.receiveInterim(head) }
  func receiveHead(_ head: ResponseHead) { exchange?.receive(head, self) }
  func receiveResponseBody(_ chunk: ByteBuffer) { exchange?.receiveBody(chunk) }

  func receiveResponseEnd(trailers: FieldSection?) {
    let exchange = end()
    exchange?.receiveEnd(trailers)
  }

  func fail(_ error: GatewayError) {
    let exchange = end()
    exchange?.fail(error)
  }

  func stopRequest(_ reason: ResetReason) {}
  func requestConsumed(_ byteCount: Int) {}

  private func end() -> FollowedExchange? {
    target = nil
    defer { exchange = nil }
    return exchange
  }
}
