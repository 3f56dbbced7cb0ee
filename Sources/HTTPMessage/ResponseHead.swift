/// The head of an interim or final response: `:status` first, then the fields (RFC 9114 §4.3.2).
public struct ResponseHead: Sendable, Equatable {
  /// The status code, 100 to 999 as received; `fields` holds the same as `:status`.
  public let status: Int
  /// `:status` and fields, in wire order.
  public var fields: FieldSection
  /// What follows the head; `.none` for answers to HEAD and for 204 and 304 whatever Content-Length says.
  public var bodyLength: BodyLength
  /// Content of an unknown length that lasts until the connection ends: nobody can tell its end from a break (RFC 9112 §8).
  public var endsWithConnection = false

  /// - Parameter fields: a section that begins with `:status` equal to `status`.
  public init(status: Int, fieldsWithStatus fields: FieldSection, bodyLength: BodyLength) {
    self.status = status
    self.fields = fields
    self.bodyLength = bodyLength
  }

  /// Makes a head from its parts.
  public init(status: Int, fields: FieldSection = FieldSection(), bodyLength: BodyLength = .none) {
    var section = FieldSection()
    section.append(.status, String(status))
    for field in fields { section.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed) }
    self.init(status: status, fieldsWithStatus: section, bodyLength: bodyLength)
  }

  /// Interim responses: 100 to 199 (RFC 9110 §15.2).
  public var isInterim: Bool { status < 200 }

  /// True when a response of this status never has content (RFC 9110 §6.4.1).
  public static func isBodyless(status: Int) -> Bool { status < 200 || status == 204 || status == 304 }
}
