import QUICTransport
import Wires

/// An edge's side of a reversed connection (draft-thomson-ptth-potato): the core's requests, and what both ends say of themselves.
final class ReversedServerWire: DialledWire {
  let requests: HTTP3ServerWire
  let announcements: AnnouncementStream

  init(_ requests: HTTP3ServerWire) {
    self.requests = requests
    announcements = AnnouncementStream(beside: requests.application)
  }

  var application: any StreamApplication { announcements.application }
  var openExchangeCount: Int { requests.openExchangeCount }
  var busyExchangeCount: Int { requests.busyExchangeCount }
  var isDraining: Bool { requests.isPeerGoingAway }
  func processEvents() { requests.processEvents() }

  func connectionClosed() {
    requests.connectionClosed()
    announcements.connectionClosed()
  }

  /// The application protocol's name (ALPN, RFC 7301) in the draft.
  static let protocolName: [UInt8] = [0xc6, 0x90, 0xc9, 0xa5]
}
