/// An application protocol that an endpoint offers (RFC 7301) and who serves a connection that chose it.
public struct ApplicationProtocol {
  /// The name on the wire, for example the bytes of `h3`.
  public var name: [UInt8]
  /// Makes the application of a connection whose peers agreed on this protocol; called once, before the first stream.
  public var makeApplication: (Connection) -> any StreamApplication

  public init(name: [UInt8], makeApplication: @escaping (Connection) -> any StreamApplication) {
    self.name = name
    self.makeApplication = makeApplication
  }
}
