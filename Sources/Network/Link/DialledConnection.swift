import Events
import NIOCore
import QUICTransport
import Wires

/// A connection on which an edge sends requests to a core.
typealias ForwardConnection = DialledConnection<HTTP3ClientWire>

/// What is kept with a connection that an edge has dialled.
final class DialledConnection<Wire: DialledWire>: ServedConnection {
  let attempt: LinkDialing.Attempt
  let wire: Wire
  let name: ConnectionName
  /// What the connection was begun with, and the ticket that it resumes with.
  let tls: TLSContext
  let ticket: TicketShelf.StoredTicket?
  let liveness: LivenessWatch
  /// When the full handshake was that the session goes back to, in seconds of Unix time; nil before this one is complete.
  var sessionBegan: Int64?
  /// Something has come from the core.
  var isHeard = false
  /// The core has accepted our certificate; before that it serves nothing that we ask for.
  var isConfirmed = false
  /// New requests go elsewhere; it is kept for what is open on it.
  var isReplaced = false
  /// It is kept although nothing is open on it: requests of the core may be under way that left before the core heard of the next one.
  var lingers = false
  var isOver = false
  /// It ended because nothing was heard of the core for so long.
  var endedInSilence = false
  /// Datagrams that had been sent when it last became silent.
  var sentBeforeSilence: UInt64 = 0
  /// For requests that leave before the core has answered.
  var earlyRoom = EarlyRoom()
  private unowned let dialer: CoreDialer<Wire>
  private let began = NIODeadline.now()

  init(
    attempt: LinkDialing.Attempt, wire: Wire, name: ConnectionName, dialer: CoreDialer<Wire>, tls: TLSContext,
    ticket: TicketShelf.StoredTicket?, liveness: LivenessWatch
  ) {
    self.attempt = attempt
    self.wire = wire
    self.name = name
    self.dialer = dialer
    self.tls = tls
    self.ticket = ticket
    self.liveness = liveness
  }

  var isSuspect: Bool { liveness.isSuspect }

  /// How long ago its dialling began.
  var age: Duration { Duration(.now() - began) }

  override var title: String? { dialer.title(of: self) }
  override func serve(_ connection: Connection) { dialer.serve(connection, self) }
  override func served(_ connection: Connection) { dialer.served(connection, self) }
}
