import Exchange
import HTTPMessage

/// What an origin behind the core sees of a request's way, told back in fields of its answer.
///
/// The gateway passes these fields on like any others; so a client at the far end learns what really crossed.
enum OriginSight {
  /// The identity of the edge, as the core vouched for it.
  static let edge = FieldName("origin-saw-edge")
  /// The `Via` field of the request: the protocol that each hop received it by.
  static let via = FieldName("origin-saw-via")
  /// What the core spoke to the origin.
  static let wire = FieldName("origin-saw-protocol")

  /// Adds the three fields to an answer.
  static func append(to fields: inout FieldSection, of request: ExchangeRequest) {
    fields.append(edge, request.head.fields.text(.quicgwEdge) ?? "-")
    let hops = request.head.fields.all(.via).map { String(decoding: $0, as: UTF8.self) }
    fields.append(via, hops.isEmpty ? "-" : hops.joined(separator: ", "))
    fields.append(wire, request.origin.wire.rawValue)
  }

  /// The same for people, as text.
  static func text(of request: ExchangeRequest) -> String {
    var fields = FieldSection()
    append(to: &fields, of: request)
    return "\(fields)\n"
  }
}
