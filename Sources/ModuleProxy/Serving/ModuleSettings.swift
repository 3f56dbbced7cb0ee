/// How a module cache behaves.
public struct ModuleSettings: Sendable {
  /// How long lists, `@latest` and the like are taken for true.
  public var listingLifetime: Duration = .seconds(60)
  /// The same of “there is no such thing” (404, 410).
  public var missingLifetime: Duration = .seconds(10)
  /// How long after that time lists and `@latest` are still served when the origin cannot be reached; nil for ever.
  public var staleLimit: Duration? = .seconds(7 * 86_400)
  /// How long a transfer that does not get on is tried again.
  public var patience: Duration = .seconds(30)
  /// Bytes on the disk.
  public var quota = 10 << 30
  /// What nobody has used for so long is removed; nil for never.
  public var unusedLimit: Duration?
  /// Modules that no checksum database is asked about.
  public var privateModules: [ModulePattern] = []
  /// Whose records zips and go.mod files are held against, when it can be reached; nil for nobody's.
  public var database: VerifierKey? = .sumGolangOrg
  /// What a lookup in a store that replicas share may take.
  public var sharedPatience: Duration = .milliseconds(50)
  /// How long such a store keeps what it is given.
  public var sharedLifetime: Duration = .seconds(86_400)

  public init() {}

  func isPrivate(_ module: ModulePath) -> Bool { privateModules.contains { $0.takes(module) } }
}

/// Who serves, for `Cache-Status` and for reports of failures.
public struct ModuleServer: Sendable {
  /// This hop's name (RFC 9211 §2).
  public var hop: String
  /// The name in this process's certificate.
  public var identity: String?
  public var node: String
  public var version: String

  public init(hop: String, identity: String?, node: String, version: String) {
    self.hop = hop
    self.identity = identity
    self.node = node
    self.version = version
  }
}
