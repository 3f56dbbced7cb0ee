import Events
import Foundation
import X509

/// `certificate`, `key` and `ca`: finds the files, reads them and holds them against each other.
struct CredentialsReading {
  let credentials: Credentials
  private(set) var warnings: [ConfigurationWarning] = []

  init(_ section: Section, _ overrides: Overrides, role: Role, files: FileReader) throws(ConfigurationError) {
    let sources = try Sources(section, overrides, role: role, files: files)
    let advice = IssueAdvice(role, files)
    let certificatePEM = try files.pem(
      of: sources.certificate.file, named: sources.certificate.value, ifMissing: advice.sentence)
    let keyPEM = try files.pem(of: sources.key.file, named: sources.key.value, ifMissing: advice.sentence)
    let caPEM = try files.pem(
      of: sources.ca.file, named: sources.ca.value, ifMissing: "make one with “quicgw certs init certs”, or name the CA's file")

    let leaf = try Self.leaf(certificatePEM, sources.certificate)
    let key = try Self.key(keyPEM, sources.key)
    guard key.publicKey == leaf.publicKey else {
      throw sources.key.value.error(
        "\(sources.key.file) is not the key of \(sources.certificate.file)", "give the pair that was issued together")
    }
    try Self.check(leaf, sources.certificate, advice)
    let authorities = try Authorities(caPEM, file: sources.ca.file, named: sources.ca.value)
    try authorities.check(at: files.now, file: sources.ca.file, named: sources.ca.value)

    credentials = Credentials(
      files: CredentialFiles(
        certificate: files.fullPath(sources.certificate.file), key: files.fullPath(sources.key.file),
        ca: files.fullPath(sources.ca.file)),
      certificateChain: certificatePEM, privateKey: keyPEM, authorities: caPEM, leaf: Credentials.Leaf(leaf))
    warn(sources, files)
  }

  private mutating func warn(_ sources: Sources, _ files: FileReader) {
    let days = credentials.leaf.daysLeft(at: files.now)
    if days < Self.warningDays {
      warnings.append(
        ConfigurationWarning(
          path: sources.certificate.value.path,
          message: """
            the certificate in \(sources.certificate.file) expires in \(days) day\(days == 1 ? "" : "s"); issue a new one
            """,
          isToldWhileRunning: true))
    }
    if files.isOpenToOthers(sources.key.file) {
      warnings.append(
        ConfigurationWarning(
          path: sources.key.value.path, message: "others than the owner may read \(sources.key.file); set its mode to 0600"))
    }
  }

  private static let warningDays = 30
}

extension CredentialsReading {
  static func leaf(_ pem: [UInt8], _ source: Source) throws(ConfigurationError) -> Certificate {
    let blocks = PEMBlocks(pem)
    let texts = blocks.texts(labelled: "CERTIFICATE")
    guard let first = texts.first else {
      let found =
        blocks.blocks.contains { $0.label.hasSuffix("PRIVATE KEY") } ? "a private key and no certificate" : "no certificate"
      throw source.value.error("\(source.file) has \(found) in it", "name a PEM file with the leaf certificate first")
    }
    var leaf: Certificate?
    for (index, text) in texts.enumerated() {
      guard let certificate = try? Certificate(pemEncoded: text) else {
        throw source.value.error("certificate \(index + 1) of \(source.file) cannot be decoded", "issue it again")
      }
      if text == first, leaf == nil { leaf = certificate }
    }
    guard let leaf else { throw source.value.error("\(source.file) has no certificate in it", "issue it again") }
    return leaf
  }

  static func key(_ pem: [UInt8], _ source: Source) throws(ConfigurationError) -> Certificate.PrivateKey {
    let keys = PEMBlocks(pem).blocks.filter { $0.label.hasSuffix("PRIVATE KEY") }
    guard let block = keys.first else {
      throw source.value.error("\(source.file) has no private key in it", "name the PEM file of the key")
    }
    if block.label == "ENCRYPTED PRIVATE KEY" || block.text.contains("ENCRYPTED") {
      throw source.value.error(
        "the key in \(source.file) is encrypted", "decrypt it with “openssl pkey” and protect the file by its mode")
    }
    guard let key = try? Certificate.PrivateKey(pemEncoded: block.text) else {
      throw source.value.error("the key in \(source.file) cannot be decoded", "give an ECDSA, Ed25519 or RSA key as PEM")
    }
    return key
  }

  /// What the peer would refuse in the handshake is refused here, where it can be said in a sentence.
  private static func check(
    _ certificate: Certificate, _ source: Source, _ advice: IssueAdvice
  ) throws(ConfigurationError) {
    let leaf = Credentials.Leaf(certificate)
    if certificate.notValidAfter < advice.files.now {
      throw source.value.error(
        "the certificate in \(source.file) expired on \(certificate.notValidAfter.day)",
        advice.renewal(of: leaf, in: source.file))
    }
    if certificate.notValidBefore > advice.files.now {
      throw source.value.error(
        "the certificate in \(source.file) is not valid before \(certificate.notValidBefore.day)",
        "check the clock of this machine")
    }
    if case .isCertificateAuthority? = try? certificate.extensions.basicConstraints {
      throw source.value.error(
        "\(source.file) is the certificate of a CA", "name the leaf that the CA issued for this \(advice.role.rawValue)")
    }
    try checkUsage(certificate, source, advice)
    switch advice.role {
    case .core where leaf.dnsNames.isEmpty && !certificate.namesAddress:
      throw source.value.error(
        "the certificate in \(source.file) has no host name that an edge could verify", advice.sentence)
    case .edge where leaf.identity(.dns) == nil && leaf.identity(.uri) == nil:
      let names = leaf.dnsNames.isEmpty ? "no name" : "several names"
      throw source.value.error(
        "the certificate in \(source.file) has \(names), so the core could not tell who this edge is", advice.sentence)
    default: return
    }
  }

  /// A certificate for every use and one for any use are refused by the other end as well: a server's certificate that a CA gave
  /// out for the web must not make its owner an edge.
  private static func checkUsage(
    _ certificate: Certificate, _ source: Source, _ advice: IssueAdvice
  ) throws(ConfigurationError) {
    let usages = (try? certificate.extensions.extendedKeyUsage).map(Array.init) ?? []
    let isCore = advice.role == .core
    guard !usages.contains(isCore ? .serverAuth : .clientAuth) else { return }
    let what =
      usages.isEmpty
      ? "has no extended key usage, the other end wants \(isCore ? "serverAuth" : "clientAuth")"
      : "is not for \(isCore ? "servers" : "clients")"
    throw source.value.error("the certificate in \(source.file) \(what)", advice.sentence)
  }
}

extension Credentials.Leaf {
  fileprivate init(_ certificate: Certificate) {
    let names = certificate.alternativeNames
    subject = certificate.subject.description
    dnsNames = names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
    uris = names.compactMap { if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil } }
    notAfter = certificate.notValidAfter
  }
}

extension Certificate {
  fileprivate var alternativeNames: [GeneralName] {
    (try? extensions.subjectAlternativeNames).map(Array.init) ?? []
  }

  fileprivate var namesAddress: Bool {
    alternativeNames.contains { if case .ipAddress = $0 { true } else { false } }
  }
}
