public import Events

/// What the metrics page says about the process itself.
public struct ProcessFacts: Sendable {
  public var role: Role
  /// The build's version, as `quicgw --version` prints it.
  public var version: String
  /// The random name of this run.
  public var instance: String
  public var startTime: WallTime
  /// The certificates in use; changes with a reload.
  public var certificates: [CertificateExpiry]

  public init(role: Role, version: String, instance: String, startTime: WallTime, certificates: [CertificateExpiry]) {
    self.role = role
    self.version = version
    self.instance = instance
    self.startTime = startTime
    self.certificates = certificates
  }
}

/// When a certificate expires.
public struct CertificateExpiry: Sendable, Equatable {
  /// The name in the leaf, or whatever tells this process's certificates apart.
  public var name: String
  public var expiry: WallTime

  public init(name: String, expiry: WallTime) {
    self.name = name
    self.expiry = expiry
  }
}

/// What the kernel says of this process at one moment.
public struct ProcessResources: Sendable, Equatable {
  /// User and system time together.
  public var cpuTime: Duration
  public var residentBytes: Int
  public var openFiles: Int
  public var maximumFiles: Int

  public init(cpuTime: Duration, residentBytes: Int, openFiles: Int, maximumFiles: Int) {
    self.cpuTime = cpuTime
    self.residentBytes = residentBytes
    self.openFiles = openFiles
    self.maximumFiles = maximumFiles
  }
}
