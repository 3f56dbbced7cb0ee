import Crypto
import Foundation
import X509

/// A folder with a CA and leaves as `quicgw certs` makes them, and whatever a test spoils in it.
final class Workplace {
  let path: String
  let now = Date(timeIntervalSince1970: 1_900_000_000)
  private let caKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
  private let caName: DistinguishedName

  /// The folder `certs` with `ca.pem`, `core.*` for localhost and `edge.*` for edge-1.
  init() throws {
    path = NSTemporaryDirectory() + "quicgw-config-" + UUID().uuidString
    caName = try DistinguishedName { CommonName("quicgw test CA") }
    try FileManager.default.createDirectory(atPath: path + "/certs", withIntermediateDirectories: true)
    let ca = try certificate(
      subject: caName, key: caKey, days: 3650,
      extensions: Certificate.Extensions { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0)) })
    try write("certs/ca.pem", ca)
    try issue("certs/core", names: [.dnsName("localhost")], usage: .serverAuth)
    try issue("certs/edge", names: [.dnsName("edge-1")], usage: .clientAuth)
  }

  deinit {
    // A folder that cannot be removed stays in the temporary directory; no test depends on it.
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes `file.pem` and `file.key`.
  func issue(
    _ file: String, names: [GeneralName], usage: ExtendedKeyUsage.Usage?, days: Double = 90, begins: Double = -1
  ) throws {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let extensions = try Certificate.Extensions {
      if let usage { try ExtendedKeyUsage([usage]) }
      if !names.isEmpty { SubjectAlternativeNames(names) }
    }
    let leaf = try certificate(
      subject: DistinguishedName { CommonName("leaf") }, key: key, days: days, begins: begins, extensions: extensions)
    try write("\(file).pem", leaf)
    try write("\(file).key", key.serializeAsPEM().pemString + "\n", mode: 0o600)
  }

  func write(_ file: String, _ text: String, mode: Int = 0o644) throws {
    try text.write(toFile: "\(path)/\(file)", atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(path)/\(file)")
  }

  func write(_ file: String, bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
  }

  func read(_ file: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
  }

  private func certificate(
    subject: DistinguishedName, key: Certificate.PrivateKey, days: Double, begins: Double = -1, extensions: Certificate.Extensions
  ) throws -> String {
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: now.addingTimeInterval(begins * 86_400), notValidAfter: now.addingTimeInterval(days * 86_400 + 1),
      issuer: caName,
      subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: caKey)
    return try certificate.serializeAsPEM().pemString + "\n"
  }
}
