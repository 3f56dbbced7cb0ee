public import Events
public import Exchange
public import HTTPMessage
public import NIOCore

/// What every wire that takes requests is made with: whom it serves, for whom, and where it tells of refusals.
///
/// One value a connection; the objects in it live on the connection's event loop.
public struct ServerWireContext {
  /// Answers the requests.
  public var handler: any ExchangeHandler
  /// What is known of the peer; its `wire` is replaced by a detecting wire.
  public var origin: RequestOrigin
  /// This process's name in `Proxy-Status`.
  public var hop: String
  /// Takes `Event.messageRefused`; nil for none.
  public var events: (any EventSink)?
  /// What incoming messages are held against.
  public var limits: MessageLimits
  /// How long a client may take.
  public var timeouts: ServerTimeouts
  /// The time, for deadlines; tests give a clock of their own.
  public var now: () -> NIODeadline

  public init(
    handler: any ExchangeHandler, origin: RequestOrigin, hop: String, events: (any EventSink)?,
    limits: MessageLimits = .defaults, timeouts: ServerTimeouts = ServerTimeouts(), now: @escaping () -> NIODeadline = { .now() }
  ) {
    self.handler = handler
    self.origin = origin
    self.hop = hop
    self.events = events
    self.limits = limits
    self.timeouts = timeouts
    self.now = now
  }
}

/// How long a client may take for what; each wait ends with an answer or a closed connection.
public struct ServerTimeouts: Sendable {
  /// From the first byte of a connection or request to the end of the head.
  public var head: TimeAmount = .seconds(10)
  /// An HTTP/1.1 connection without an open exchange.
  public var idle: TimeAmount = .seconds(75)
  /// An HTTP/2 connection without an open exchange; ends with GOAWAY.
  public var idleHTTP2: TimeAmount = .minutes(10)
  /// For the next bytes of a request's content, while they are wanted. Tunnels and gRPC calls may be silent for longer.
  public var body: TimeAmount = .seconds(60)
  /// From the end of the client's side to the next byte of the answer that it still waits for: HTTP/1.1 cannot tell a client
  /// that has left from one that only has said all.
  public var halfClosed: TimeAmount = .seconds(75)
  /// For the rest of a request whose answer is complete, renewed by every byte.
  public var linger: TimeAmount = .seconds(10)

  public init() {}
}

/// What every wire to an origin is made with.
public struct OriginWireContext {
  /// The origin as messages to operators name it, for example `http://10.0.0.7:8080`.
  public var name: String
  /// This process's name in messages.
  public var hop: String
  /// Takes `Event.messageRefused`; nil for none.
  public var events: (any EventSink)?
  /// What incoming messages are held against.
  public var limits: MessageLimits
  /// How long an origin may go without taking the rest of a request that it has answered.
  public var linger: TimeAmount
  /// The time, for deadlines; tests give a clock of their own.
  public var now: () -> NIODeadline

  public init(
    name: String, hop: String, events: (any EventSink)?, limits: MessageLimits = .defaults, linger: TimeAmount = .seconds(10),
    now: @escaping () -> NIODeadline = { .now() }
  ) {
    self.name = name
    self.hop = hop
    self.events = events
    self.limits = limits
    self.linger = linger
    self.now = now
  }
}
