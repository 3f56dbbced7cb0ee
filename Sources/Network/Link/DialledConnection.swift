import Events
import NIOCore
import QUICTransport
import Wires

/// What a link keeps with a connection to its core.
final class DialledConnection {
  let attempt: LinkDialing.Attempt
  let wire: HTTP3ClientWire
  let name: ConnectionName
  unowned let core: CoreLink
  /// What the connection was begun with, and the ticket that it resumes with.
  let tls: TLSContext
  let ticket: SessionTicket?
  /// Something has come from the core.
  var isHeard = false
  /// The core has accepted our certificate; before that it serves nothing that we ask for.
  var isConfirmed = false
  /// New requests go elsewhere; it is kept for what is open on it.
  var isReplaced = false
  var isOver = false
  /// It ended because nothing was heard of the core for so long.
  var endedInSilence = false
  /// For requests that leave before the core has answered.
  var earlyRoom = EarlyRoom()
  var liveness: LinkLiveness
  /// Makes the connection be looked at when its liveness wants it.
  var look: Scheduled<Void>?
  private let began = NIODeadline.now()

  init(
    attempt: LinkDialing.Attempt, wire: HTTP3ClientWire, name: ConnectionName, core: CoreLink, tls: TLSContext, ticket: SessionTicket?,
    limits: LivenessLimits
  ) {
    self.attempt = attempt
    self.wire = wire
    self.name = name
    self.core = core
    self.tls = tls
    self.ticket = ticket
    liveness = LinkLiveness(limits: limits)
  }

  /// How long ago its dialling began.
  var age: Duration { Duration(.now() - began) }
}
