extension EdgeAnnouncement {
  /// What an announcement may hold. Cores keep one for each connection, so they refuse what is larger.
  public enum Limits {
    public static let instanceBytes = 16
    public static let versionBytes = 64
    public static let services = 256
    public static let serviceBytes = 253
    public static let labels = 64
    public static let labelKeyBytes = 63
    public static let labelValueBytes = 253
  }

  /// The first limit that it is beyond, as the end of a sentence; nil for none.
  public var excess: String? {
    if instance.count != Limits.instanceBytes { return "an instance is \(Limits.instanceBytes) bytes long" }
    if !version.isToken(1...Limits.versionBytes) {
      return "a version is up to \(Limits.versionBytes) visible characters of ASCII"
    }
    if services.count > Limits.services { return "an edge announces at most \(Limits.services) services" }
    if !services.allSatisfy({ $0.isToken(1...Limits.serviceBytes) }) {
      return "a service's name is up to \(Limits.serviceBytes) visible characters of ASCII"
    }
    if labels.count > Limits.labels { return "an edge announces at most \(Limits.labels) labels" }
    if !labels.allSatisfy({ $0.key.isToken(1...Limits.labelKeyBytes) && $0.value.isToken(0...Limits.labelValueBytes) }) {
      return "a label is up to \(Limits.labelKeyBytes) and its value up to \(Limits.labelValueBytes) visible characters of ASCII"
    }
    return nil
  }
}

extension String {
  /// Visible characters of ASCII: they stand in log lines and in fields as they are.
  fileprivate func isToken(_ length: ClosedRange<Int>) -> Bool {
    length.contains(utf8.count) && utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }
}
