import Crypto
import Foundation
import X509

/// A certificate authority that lives for one test and makes leaves of every kind, right and wrong.
public struct TestAuthority: Sendable {
  /// The authority's own certificate, PEM.
  public let pem: [UInt8]
  private let key: Certificate.PrivateKey
  private let name: DistinguishedName

  public init(name: String = "quicgw test CA") throws {
    key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    self.name = try DistinguishedName { CommonName(name) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: Date() - 3600,
      notValidAfter: Date() + 86_400 * 30, issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      },
      issuerPrivateKey: key)
    pem = Array(try certificate.serializeAsPEM().pemString.utf8)
  }

  /// A leaf for a server, with these dNSNames.
  public func server(_ names: String..., valid: Validity = .now) throws -> TestLeaf {
    try leaf(names.map { .dnsName($0) }, usages: [.serverAuth], valid: valid)
  }

  /// A leaf for a client, with these dNSNames.
  public func client(_ names: String..., valid: Validity = .now) throws -> TestLeaf {
    try leaf(names.map { .dnsName($0) }, usages: [.clientAuth], valid: valid)
  }

  /// A leaf of any kind.
  public func leaf(_ names: [GeneralName], usages: [ExtendedKeyUsage.Usage], valid: Validity = .now) throws -> TestLeaf {
    let leafKey = P256.Signing.PrivateKey()
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: Certificate.PrivateKey(leafKey).publicKey, notValidBefore: valid.begin,
      notValidAfter: valid.end, issuer: name, subject: try DistinguishedName { CommonName("leaf") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        if !usages.isEmpty { try ExtendedKeyUsage(usages) }
        if !names.isEmpty { SubjectAlternativeNames(names) }
      },
      issuerPrivateKey: key)
    return TestLeaf(
      certificate: Array(try certificate.serializeAsPEM().pemString.utf8), key: Array(leafKey.pemRepresentation.utf8))
  }

  public enum Validity: Sendable {
    case now, past, future

    var begin: Date {
      switch self {
      case .now: Date() - 3600
      case .past: Date() - 86_400 * 10
      case .future: Date() + 86_400
      }
    }

    var end: Date {
      switch self {
      case .now: Date() + 86_400
      case .past: Date() - 86_400
      case .future: Date() + 86_400 * 2
      }
    }
  }
}

/// A certificate and its key, PEM.
public struct TestLeaf: Sendable {
  public let certificate: [UInt8]
  public let key: [UInt8]

  public init(certificate: [UInt8], key: [UInt8]) {
    self.certificate = certificate
    self.key = key
  }
}
