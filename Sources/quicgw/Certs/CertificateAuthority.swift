import Crypto
import Foundation
import X509

/// A private certificate authority: one P-256 key that signs leaves, with no intermediates between.
///
/// Short chains of small keys keep a handshake's flights, and a 0-RTT ClientHello with its ticket, within few datagrams.
struct CertificateAuthority {
  let certificate: Certificate
  private let key: Certificate.PrivateKey

  init(certificate: Certificate, key: Certificate.PrivateKey) {
    self.certificate = certificate
    self.key = key
  }

  /// Makes a new authority, valid for ten years. Its name ends in eight random digits, so that certificates of two
  /// authorities can be told apart in messages.
  static func make(now: Date = Date()) throws -> (authority: CertificateAuthority, keyPEM: String) {
    let key = P256.Signing.PrivateKey()
    let digits = String(UInt32.random(in: .min ... .max), radix: 16)
    let name = try DistinguishedName { CommonName("quicgw CA " + String(repeating: "0", count: 8 - digits.count) + digits) }
    let publicKey = Certificate.PublicKey(key.publicKey)
    let identifier = SubjectKeyIdentifier(hash: publicKey)
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: now - clockSkew, notValidAfter: now + authorityLifetime, issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        identifier
        AuthorityKeyIdentifier(keyIdentifier: identifier.keyIdentifier)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    let authority = CertificateAuthority(certificate: certificate, key: Certificate.PrivateKey(key))
    return (authority, key.pemRepresentation)
  }

  /// Signs a leaf for a new key.
  /// - Parameters:
  ///   - role: whom the leaf names and what it may be used for.
  ///   - days: its lifetime.
  /// - Throws: `CommandError` when the leaf would outlive the authority, or when its key is not one for ECDSA.
  func issue(_ role: LeafRole, days: Int, now: Date = Date()) throws -> Leaf {
    guard certificate.publicKey.shown.hasPrefix("ECDSA") else {
      throw CommandError.configuration(
        "the CA has a key of the kind \(certificate.publicKey.shown), and leaves are signed with ECDSA only: "
          + "make another CA with quicgw certs init, or issue the leaf with the tool that made this one")
    }
    let end = now + Double(days) * secondsPerDay
    guard end <= certificate.notValidAfter else {
      let left = max(0, Int(certificate.notValidAfter.timeIntervalSince(now) / secondsPerDay))
      throw CommandError.configuration(
        "a leaf of \(days) days would outlive the CA, which has \(left) days left: use --days \(left) or make a new CA")
    }
    let leafKey = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(leafKey.publicKey)
    let authorityIdentifier = try certificate.extensions.subjectKeyIdentifier?.keyIdentifier
    let leaf = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: max(now - clockSkew, certificate.notValidBefore), notValidAfter: end,
      issuer: certificate.subject, subject: DistinguishedName { CommonName(role.commonName) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([role.extendedKeyUsage])
        SubjectAlternativeNames(role.alternativeNames)
        SubjectKeyIdentifier(hash: publicKey)
        AuthorityKeyIdentifier(keyIdentifier: authorityIdentifier)
      },
      issuerPrivateKey: key)
    return Leaf(certificate: leaf, keyPEM: leafKey.pemRepresentation)
  }

  /// A signed certificate with its private key in PKCS #8 form.
  struct Leaf {
    let certificate: Certificate
    let keyPEM: String
  }
}

/// Whom a leaf names, and so which end of the link it serves.
enum LeafRole {
  /// An edge: exactly one DNS name, its identity, and EKU clientAuth only.
  case edge(HostName)
  /// A core: every host by which edges dial it, and EKU serverAuth only.
  case core([HostName])

  fileprivate var extendedKeyUsage: ExtendedKeyUsage.Usage {
    switch self {
    case .edge: .clientAuth
    case .core: .serverAuth
    }
  }

  fileprivate var hosts: [HostName] {
    switch self {
    case .edge(let name): [name]
    case .core(let hosts): hosts
    }
  }

  fileprivate var alternativeNames: [GeneralName] {
    hosts.map { host in
      switch host {
      case .dns(let name): .dnsName(name)
      case .address(_, let bytes): .ipAddress(.init(contentBytes: bytes[...]))
      }
    }
  }

  /// The first host, cut to X.520's upper bound of 64 characters; nothing is decided by it.
  fileprivate var commonName: String {
    String((hosts.first?.description ?? "core").prefix(64))
  }
}

private let secondsPerDay: Double = 86_400
private let authorityLifetime: TimeInterval = 3_653 * secondsPerDay
/// Certificates begin to be valid an hour ago, for nodes whose clocks are a little late.
private let clockSkew: TimeInterval = 3_600
