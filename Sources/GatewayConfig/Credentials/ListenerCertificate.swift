import X509

/// `tls` of a listener: the certificate that its clients are shown. Theirs is nobody's business here.
public struct ListenerCertificate: Sendable, Equatable {
  /// The leaf first, then its issuers, PEM.
  public var chain: [UInt8]
  /// PEM. Never logged.
  public var privateKey: [UInt8]
  /// Where they were read from, to be watched for changes.
  public var files: [String]

  init(_ value: Value, files: FileReader) throws(ConfigurationError) {
    let section = try value.section(["certificate", "key"])
    guard let certificate = section["certificate"], let key = section["key"] else {
      throw value.error("TLS needs a certificate and its key", "add certificate: FILE and key: FILE")
    }
    let source = CredentialsReading.Source(file: try certificate.text(), value: certificate)
    let keySource = CredentialsReading.Source(file: try key.text(), value: key)
    chain = try files.pem(of: source.file, named: certificate, ifMissing: "name a PEM file with a certificate")
    privateKey = try files.pem(of: keySource.file, named: key, ifMissing: "name a PEM file with its key")
    let leaf = try CredentialsReading.leaf(chain, source)
    guard try CredentialsReading.key(privateKey, keySource).publicKey == leaf.publicKey else {
      throw key.error("\(keySource.file) is not the key of \(source.file)", "give the pair that was issued together")
    }
    self.files = [files.fullPath(source.file), files.fullPath(keySource.file)]
  }
}
