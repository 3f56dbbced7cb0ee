import Foundation
import X509

/// The certificates of a CA file, checked for being authorities.
struct Authorities {
  let certificates: [Certificate]

  init(_ pem: [UInt8], file: String, named value: Value) throws(ConfigurationError) {
    let texts = PEMBlocks(pem).texts(labelled: "CERTIFICATE")
    guard !texts.isEmpty else {
      throw value.error("\(file) has no certificate in it", "name a PEM file with the CA's certificate")
    }
    var certificates: [Certificate] = []
    for (index, text) in texts.enumerated() {
      guard let certificate = try? Certificate(pemEncoded: text) else {
        throw value.error("certificate \(index + 1) of \(file) cannot be decoded", "name a PEM file with the CA's certificate")
      }
      guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
        throw value.error(
          "\(file) has a certificate that is not a CA's (\(certificate.subject))",
          "name the file that “quicgw certs init” wrote as ca.pem")
      }
      certificates.append(certificate)
    }
    self.certificates = certificates
  }

  /// - Throws: when all of them have ended, so that no peer could be certified.
  func check(at now: Date, file: String, named value: Value) throws(ConfigurationError) {
    guard let last = certificates.max(by: { $0.notValidAfter < $1.notValidAfter }), last.notValidAfter < now else { return }
    throw value.error(
      "the CA in \(file) expired on \(last.notValidAfter.day)",
      "make a new one with “quicgw certs init” and issue all certificates anew")
  }
}

extension Date {
  /// `2026-05-01`
  var day: String { String(formatted(.iso8601).prefix(10)) }
}
