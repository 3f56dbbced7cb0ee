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
    exchange.send(request, to: origin)
    return exchange
  }
}

/// One request and where it was sent on to.
private final class FollowedExchange: SuccessiveRequests {
  private let request: ExchangeRequest
  private let follower: RedirectFollower
  var sink: (any ResponseSink)?
  var leg: Leg?
  var requestEnded = false
  /// As it was sent last.
  private var head: RequestHead
  private var followed = 0

  init(_ request: ExchangeRequest, sink: any ResponseSink, follower: RedirectFollower) {
    self.request = request
    self.sink = sink
    self.follower = follower
    head = request.head
  }

  func send(_ request: ExchangeRequest, to handler: any ExchangeHandler) {
    head = request.head
    ask(handler, request)
  }

  func receiveHead(_ response: ResponseHead, _ leg: Leg) {
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
      guard followed <= Self.limit else { return fail(Self.endless, leg) }
      send(request, to: handler)
    }
  }

  func receiveBody(_ chunk: ByteBuffer, _ leg: Leg) { sink?.receiveResponseBody(chunk) }
  func receiveEnd(_ trailers: FieldSection?, _ leg: Leg) { finish()?.receiveResponseEnd(trailers: trailers) }
  func fail(_ error: GatewayError, _ leg: Leg) { finish()?.fail(error) }

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

  func responseConsumed(_ byteCount: Int) { leg?.target?.responseConsumed(byteCount) }

  private static let statuses: Set<Int> = [301, 302, 303, 307, 308]
  /// Redirects that are followed for one request.
  private static let limit = 5
  private static let endless = GatewayError(
    .loopDetected, side: .origin, message: "a module origin redirects again and again; \(limit) redirects were followed")
  /// What another host gets of the request's fields: what part is wanted, and by which a loop is known.
  private static let carried: [FieldName] = ["range", "if-range", "user-agent", .via, "cdn-loop"]
}
