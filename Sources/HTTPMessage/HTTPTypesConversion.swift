public import HTTPTypes

// For users of the libraries who speak swift-http-types; quicgw itself keeps bytes from wire to wire.

extension RequestHead {
  /// Makes a head from an `HTTPRequest`; fields keep their order, names are lower case as swift-http-types has them.
  public init(_ request: HTTPRequest, bodyLength: BodyLength) {
    var section = FieldSection()
    section.append(.method, request.method.rawValue)
    if let scheme = request.scheme { section.append(.scheme, scheme) }
    if let authority = request.authority { section.append(.authority, authority) }
    if let path = request.path { section.append(.path, path) }
    if let proto = request.extendedConnectProtocol { section.append(.protocol, proto) }
    section.append(contentsOf: request.headerFields)
    self.init(fields: section, bodyLength: bodyLength)
  }

  /// The same head as an `HTTPRequest`; nil if the method is not a token or a name is not one.
  public var httpRequest: HTTPRequest? {
    guard let method = HTTPRequest.Method(String(decoding: method, as: UTF8.self)), let fields = fields.httpFields else {
      return nil
    }
    var request = HTTPRequest(
      method: method, scheme: self.fields.text(.scheme), authority: self.fields.text(.authority), path: self.fields.text(.path),
      headerFields: fields)
    request.extendedConnectProtocol = self.fields.text(.protocol)
    return request
  }
}

extension ResponseHead {
  /// Makes a head from an `HTTPResponse`.
  public init(_ response: HTTPResponse, bodyLength: BodyLength) {
    var section = FieldSection()
    section.append(contentsOf: response.headerFields)
    self.init(status: response.status.code, fields: section, bodyLength: bodyLength)
  }

  /// The same head as an `HTTPResponse`; nil if a name is not a token or the status has not three digits.
  public var httpResponse: HTTPResponse? {
    guard (100...999).contains(status) else { return nil }
    return fields.httpFields.map { HTTPResponse(status: .init(code: status), headerFields: $0) }
  }
}

extension FieldSection {
  /// The fields without pseudo-header fields, values byte for byte; nil if a name is not a token.
  public var httpFields: HTTPFields? {
    var fields = HTTPFields()
    for field in self where field.name.first != UInt8(ascii: ":") {
      guard let name = HTTPField.Name(String(decoding: field.name, as: UTF8.self)) else { return nil }
      var converted = HTTPField(name: name, value: field.value)
      if field.neverIndexed { converted.indexingStrategy = .disallow }
      fields.append(converted)
    }
    return fields
  }
}
