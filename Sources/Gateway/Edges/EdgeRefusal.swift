import Exchange
import HTTPMessage

/// An edge's own answer that says that nothing of the request has reached an origin (RFC 9209 §2.3): another edge may have it.
///
/// Only what names the edge's process is believed, for an origin can write the field, too.
enum EdgeRefusal {
  static func isSafe(_ head: ResponseHead, of edge: ConnectedEdge) -> Bool {
    guard let value = head.fields.last(.proxyStatus) else { return false }
    let name = Hop.name(role: .edge, instance: edge.announcement.instance)
    guard value.starts(with: name.utf8) else { return false }
    let rest = value.dropFirst(name.utf8.count)
    return errors.contains { rest.starts(with: $0) }
  }

  /// As `GatewayError.proxyStatus(hop:)` writes them; all of them happen before anything is sent.
  private static let errors: [[UInt8]] = [
    GatewayError.Cause.connectionRefused, .dnsError, .destinationNotFound, .connectionLimitReached,
  ].map { Array("; error=\($0.rawValue);".utf8) }
}
