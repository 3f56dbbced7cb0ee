/// Certificates, keys and trust for many connections; immutable, so that a reload makes a new one for new connections.
///
/// Can be shared by event loops.
@safe
public final class TLSContext: Sendable {
  public let configuration: TLSConfiguration

  /// - Parameter unixTime: the present time, against which the certificate's validity is held.
  public init(_ configuration: TLSConfiguration, unixTime: Int64) throws(TLSContextError) {
    self.configuration = configuration
  }

  /// What our own leaf certificate says.
  public var certificate: CertificateSummary { CertificateSummary(names: [], expiry: 0) }
}

/// The parts of a certificate that people ask for.
public struct CertificateSummary: Sendable, Equatable {
  /// The subject alternative names of the identity's kind.
  public var names: [String]
  /// The end of its validity, in seconds of Unix time.
  public var expiry: Int64
}
