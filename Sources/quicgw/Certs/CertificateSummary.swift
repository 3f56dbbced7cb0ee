import Crypto
import Foundation
import NIOCore
import X509

/// What a person wants to know of a certificate.
struct CertificateSummary {
  let subject: String
  /// Subject alternative names, each with its kind.
  let names: [String]
  /// Extended key usages, or that it is an authority.
  let uses: String
  /// Days until it ends, rounded; negative when it has ended.
  let daysLeft: Int
  private let identity: String?
  private let issuer: String
  private let validity: String
  private let key: String
  private let fingerprint: String

  init(_ certificate: Certificate, now: Date = Date()) {
    let alternativeNames = (try? certificate.extensions.subjectAlternativeNames).map(Array.init) ?? []
    let usages = (try? certificate.extensions.extendedKeyUsage).map(Array.init) ?? []
    subject = certificate.subject.description
    issuer = certificate.issuer == certificate.subject ? "itself" : certificate.issuer.description
    names = alternativeNames.map(\.shown)
    if case .isCertificateAuthority? = try? certificate.extensions.basicConstraints {
      uses = "certificate authority"
    } else {
      uses = usages.isEmpty ? "any" : usages.map(\.description).joined(separator: ", ")
    }
    let dnsNames = alternativeNames.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
    identity = usages.contains(.clientAuth) && dnsNames.count == 1 ? dnsNames.first : nil
    daysLeft = Int((certificate.notValidAfter.timeIntervalSince(now) / 86_400).rounded())
    validity = Self.validity(of: certificate, daysLeft: daysLeft, now: now)
    key = certificate.publicKey.shown
    let digest = (try? certificate.serializeAsPEM().derBytes).map { SHA256.hash(data: $0) }
    fingerprint = digest.map { $0.map { String(format: "%02X", $0) }.joined(separator: ":") } ?? "none"
  }

  /// Reads every certificate of a PEM file.
  /// - Throws: `CommandError` when there is none.
  static func summaries(inFile path: String) throws -> [CertificateSummary] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandError.configuration("\(path) cannot be read: is it there, and may you read it?")
    }
    let text = String(decoding: data, as: UTF8.self)
    let blocks = text.components(separatedBy: beginning).dropFirst().map { block in
      beginning + (block.range(of: end).map { String(block[..<$0.upperBound]) } ?? block)
    }
    guard !blocks.isEmpty else {
      let what = text.contains("PRIVATE KEY-----") ? "a private key, no certificate" : "no certificate in PEM form"
      throw CommandError.configuration("\(path) holds \(what)")
    }
    return try blocks.enumerated().map { index, block in
      do {
        return CertificateSummary(try Certificate(pemEncoded: block))
      } catch {
        // The library's words are about ASN.1 and help nobody who has a broken file.
        throw CommandError.configuration(
          "certificate \(index + 1) in \(path) cannot be decoded: the file is damaged or was cut off; issue it again")
      }
    }
  }

  /// The summary, a fact a line.
  var lines: [String] {
    var facts = [("subject", subject), ("names", names.isEmpty ? "none" : names.joined(separator: ", ")), ("use", uses)]
    if let identity { facts.append(("identity", "\(identity) (as an edge)")) }
    facts += [("issuer", issuer), ("valid", validity), ("key", key), ("SHA-256", fingerprint)]
    return facts.map { $0.padding(toLength: 10, withPad: " ", startingAt: 0) + $1 }
  }

  private static func validity(of certificate: Certificate, daysLeft: Int, now: Date) -> String {
    let span = "\(certificate.notValidBefore.formatted(.iso8601)) to \(certificate.notValidAfter.formatted(.iso8601))"
    if certificate.notValidBefore > now { return "\(span), not valid yet" }
    if certificate.notValidAfter < now { return "\(span), EXPIRED" }
    return daysLeft < 1 ? "\(span), ends today" : "\(span), \(daysLeft) day\(daysLeft == 1 ? "" : "s") left"
  }
}

extension Certificate {
  /// The certificate as a PEM document with a newline at its end.
  func pem() throws -> String {
    try serializeAsPEM().pemString + "\n"
  }
}

extension GeneralName {
  fileprivate var shown: String {
    switch self {
    case .dnsName(let name): "DNS:\(name)"
    case .uniformResourceIdentifier(let text): "URI:\(text)"
    case .ipAddress(let octets): "IP:\(Self.address(Array(octets.bytes)))"
    default: description
    }
  }

  private static func address(_ bytes: [UInt8]) -> String {
    if let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0), let text = address.ipAddress {
      return text
    }
    return bytes.map { String(format: "%02x", $0) }.joined()
  }
}

extension Certificate.PublicKey {
  /// The kind of the key, for people.
  var shown: String {
    if P256.Signing.PublicKey(self) != nil { return "ECDSA P-256" }
    if P384.Signing.PublicKey(self) != nil { return "ECDSA P-384" }
    if P521.Signing.PublicKey(self) != nil { return "ECDSA P-521" }
    // "RSA2048.PublicKey", "Ed25519.PublicKey"
    let kind = description.split(separator: ".").first.map(String.init) ?? description
    return kind.hasPrefix("RSA") ? "RSA \(kind.dropFirst(3))" : kind
  }
}

private let beginning = "-----BEGIN CERTIFICATE-----"
private let end = "-----END CERTIFICATE-----"
