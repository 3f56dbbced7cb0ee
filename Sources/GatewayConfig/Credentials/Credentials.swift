public import struct Foundation.Date

/// A certificate with its key and the authorities that certify the other end, read from files and checked against each other.
public struct Credentials: Sendable, Equatable {
  /// Where they were read from, to be watched for changes.
  public var files: CredentialFiles
  /// The leaf first, then its issuers, PEM.
  public var certificateChain: [UInt8]
  /// PEM. Never logged.
  public var privateKey: [UInt8]
  /// PEM.
  public var authorities: [UInt8]
  public var leaf: Leaf

  /// What the leaf certificate says.
  public struct Leaf: Sendable, Equatable {
    public var subject: String
    /// dNSNames.
    public var dnsNames: [String]
    /// uniformResourceIdentifiers.
    public var uris: [String]
    public var notAfter: Date

    /// Who the core will take this side for; nil if it has no or several such names.
    public func identity(_ kind: IdentityKind) -> String? {
      let names = kind == .dns ? dnsNames : uris
      return names.count == 1 ? names[0] : nil
    }

    /// Whole days until the certificate ends.
    public func daysLeft(at now: Date) -> Int {
      Int((notAfter.timeIntervalSince(now) / 86_400).rounded(.down))
    }
  }
}

/// The files of a pair and of the authorities.
public struct CredentialFiles: Sendable, Equatable {
  public var certificate: String
  public var key: String
  public var ca: String

  public init(certificate: String, key: String, ca: String) {
    self.certificate = certificate
    self.key = key
    self.ca = ca
  }
}

extension Credentials: CustomStringConvertible {
  /// Without the key.
  public var description: String { "\(leaf.subject) from \(files.certificate)" }
}
