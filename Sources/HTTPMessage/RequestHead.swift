/// The head of a request in the one form that every wire reads and writes: pseudo-header fields first, then the fields
/// (RFC 9114 §4.3.1). HTTP/1.1's request line and Host become `:method`, `:scheme`, `:authority` and `:path`.
public struct RequestHead: Sendable, Equatable {
  /// Pseudo-header fields and fields, in wire order.
  public var fields: FieldSection
  /// What follows the head.
  public var bodyLength: BodyLength

  public init(fields: FieldSection, bodyLength: BodyLength) {
    self.fields = fields
    self.bodyLength = bodyLength
  }

  /// Makes a head from its parts.
  public init(
    method: String, scheme: String = "http", authority: String, path: String, fields: FieldSection = FieldSection(),
    bodyLength: BodyLength = .none
  ) {
    var section = FieldSection()
    section.append(.method, method)
    section.append(.scheme, scheme)
    section.append(.authority, authority)
    section.append(.path, path)
    for field in fields { section.append(name: field.name, value: field.value, neverIndexed: field.neverIndexed) }
    self.init(fields: section, bodyLength: bodyLength)
  }

  public var method: ArraySlice<UInt8> { fields.first(.method) ?? [] }
  public var scheme: ArraySlice<UInt8>? { fields.first(.scheme) }
  public var path: ArraySlice<UInt8>? { fields.first(.path) }
  /// `:protocol` of an extended CONNECT (RFC 8441, RFC 9220).
  public var `protocol`: ArraySlice<UInt8>? { fields.first(.protocol) }

  /// `:authority`, or the Host field where a peer sent only that.
  public var authority: ArraySlice<UInt8>? { fields.first(.authority) ?? fields.first(.host) }

  // By length first: these are asked of each request, and the answer is mostly no.
  public var isConnect: Bool { method.count == 7 && method.elementsEqual("CONNECT".utf8) }
  public var isHead: Bool { method.count == 4 && method.elementsEqual("HEAD".utf8) }

  /// Safe methods as RFC 9110 §9.2.1 lists them: a request that may be sent twice without harm.
  public var isSafe: Bool {
    // By length first: this is asked of each request that crosses a link.
    switch method.count {
    case 3: method.elementsEqual("GET".utf8)
    case 4: method.elementsEqual("HEAD".utf8)
    case 5: method.elementsEqual("TRACE".utf8)
    case 7: method.elementsEqual("OPTIONS".utf8)
    default: false
    }
  }

  /// True for gRPC (`application/grpc`, `application/grpc+proto`, …), which wants failures as trailers-only responses.
  public var isGRPC: Bool {
    guard let type = fields.first(.contentType), type.starts(with: "application/grpc".utf8) else { return false }
    let rest = type.dropFirst("application/grpc".utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: ";")
  }
}
