import Events

extension CredentialsReading {
  /// A file and where it was named.
  struct Source {
    let file: String
    let value: Value
  }

  /// Which files, by flags, the configuration file or the usual places.
  struct Sources {
    let certificate: Source
    let key: Source
    let ca: Source

    init(_ section: Section, _ overrides: Overrides, role: Role, files: FileReader) throws(ConfigurationError) {
      let certificate = try Self.named(overrides.certificate, "--cert", section["certificate"])
      let key = try Self.named(overrides.key, "--key", section["key"])
      switch (certificate, key) {
      case (let certificate?, let key?):
        self.certificate = certificate
        self.key = key
      case (let certificate?, nil):
        throw certificate.value.error("the certificate \(certificate.file) comes without a key", "name its key with key or --key")
      case (nil, let key?):
        throw key.value.error(
          "the key \(key.file) comes without a certificate", "name its certificate with certificate or --cert")
      case (nil, nil):
        let folder = try Self.usualFolder(of: "\(role.rawValue).pem", key: "certificate", role, files)
        self.certificate = Self.usual("\(folder)/\(role.rawValue).pem", key: "certificate")
        self.key = Self.usual("\(folder)/\(role.rawValue).key", key: "key")
      }
      if let ca = try Self.named(overrides.ca, "--ca", section["ca"]) {
        self.ca = ca
      } else {
        ca = Self.usual("\(try Self.usualFolder(of: "ca.pem", key: "ca", role, files))/ca.pem", key: "ca")
      }
    }

    private static func named(_ override: String?, _ flag: String, _ value: Value?) throws(ConfigurationError) -> Source? {
      if let override { return Source(file: override, value: Value(flag: flag, override)) }
      guard let value else { return nil }
      let file = try value.text()
      guard !file.isEmpty else { throw value.error("the file's name is empty", "name a PEM file") }
      return Source(file: file, value: value)
    }

    private static func usual(_ file: String, key: String) -> Source {
      Source(file: file, value: Value(flag: key, file))
    }

    private static func usualFolder(
      of file: String, key: String, _ role: Role, _ files: FileReader
    ) throws(ConfigurationError) -> String {
      if let folder = usualFolders.first(where: { files.exists("\($0)/\(file)") }) { return folder }
      if let hidden = usualFolders.first(where: { files.isHidden("\($0)/\(file)") }) {
        throw files.forbidden("\(hidden)/\(file)", named: Value(flag: key, file))
      }
      let places = usualFolders.map { "\($0)/\(file)" }.joined(separator: " or ")
      throw Value(flag: key, file).error("no file is named and there is no \(places)", IssueAdvice(role, files).sentence)
    }

    private static let usualFolders = ["certs", "/etc/quicgw"]
  }
}
