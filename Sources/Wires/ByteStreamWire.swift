public import Exchange
public import NIOCore

/// The protocol spoken on one TCP (or TLS) connection, without IO: bytes in, bytes out, a deadline.
///
/// The network layer drives it on the connection's event loop: it hands over what was read, and at the end of the loop's turn
/// takes output for as long as the socket accepts it. A wire never closes a socket; it says that it wants to be closed.
public protocol ByteStreamWire: AnyObject {
  /// Who drives this wire; set once before any other call, and set to nil behind `connectionClosed` by whoever set it.
  var transport: (any ByteStreamTransport)? { get set }

  /// Bytes that the peer sent. The wire may keep slices of the buffer.
  func receive(_ bytes: ByteBuffer)

  /// The peer has ended its side (TCP FIN, TLS close_notify).
  func receivedEnd()

  /// The connection is gone: every open exchange is cancelled or failed. Nothing is called afterwards.
  func connectionClosed()

  /// The next bytes to write; nil when there is nothing now. Called until nil or until the socket takes no more, and again when
  /// it does: so what the call before handed out has left by now, all but a little, and credit for it is given back to its
  /// producer.
  func nextOutput() -> ByteBuffer?

  /// False while the wire cannot take more bytes: too much is outstanding.
  var wantsBytes: Bool { get }

  /// Bytes of content that were read and handed on, and that their reader has not taken yet, where nothing but `wantsBytes`
  /// bounds them; 0 on wires with windows.
  var heldBytes: Int { get }

  /// True when the connection is to be closed as soon as all output is written.
  var wantsClose: Bool { get }

  /// Whether the connection carries a byte tunnel: its two sides end on their own, each when all that was for it has been
  /// written.
  var isTunnel: Bool { get }

  /// True when the peer is to see the end of what it is sent (TCP FIN) although it may send on.
  var endsOutput: Bool { get }

  /// Whether both sides of a tunnel have ended, whatever is still to be written: from here on its reader may not take as long as
  /// it likes.
  var hasEndedTunnel: Bool { get }

  /// True when the close that `wantsClose` asks for must be seen as a failure (TCP RST), because a plain end of the stream
  /// would make a truncated message look complete (RFC 9112 §8).
  var closesAbruptly: Bool { get }

  /// When `handleTimeout` wants to be called; nil if never.
  var deadline: NIODeadline? { get }

  func handleTimeout(now: NIODeadline)

  /// No new exchanges from now on (GOAWAY, `Connection: close`); `wantsClose` becomes true when the open ones are over.
  func drain()

  /// Exchanges that are open now.
  var openExchangeCount: Int { get }
}

extension ByteStreamWire {
  public var closesAbruptly: Bool { false }
  public var isTunnel: Bool { false }
  public var endsOutput: Bool { false }
  public var hasEndedTunnel: Bool { false }
  public var heldBytes: Int { 0 }
}

/// The IO under a wire.
public protocol ByteStreamTransport: AnyObject {
  /// The wire has output, or `wantsBytes`, `wantsClose` or `deadline` changed: look again at the end of the turn.
  func setNeedsUpdate()
}

/// A wire in the client's role: a connection to an origin.
public protocol OriginWire: ByteStreamWire, ExchangeHandler {
  /// How many further exchanges can be opened now; 0 on a connection that is busy (HTTP/1.1), full, or draining.
  var vacancy: Int { get }

  /// Whether the connection may serve again after its present exchanges.
  var isReusable: Bool { get }
}
