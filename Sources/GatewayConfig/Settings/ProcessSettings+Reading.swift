import Events

extension ProcessSettings {
  static let keys = ["loops", "admin", "drain_timeout", "log", "qlog", "limits", "transport"]

  init(_ section: Section, _ overrides: Overrides, role: Role, files: FileReader) throws(ConfigurationError) {
    self.init()
    if let value = section["loops"] { loops = try value.integer(in: Self.loopsRange) }
    admin = try Self.adminAddress(section, overrides)?.address
    if let value = section["drain_timeout"] { drainTimeout = try value.duration(in: Self.drainTimeoutRange) }
    if let value = section["log"] { log = try LogSettings(value) }
    qlog = try Self.traceFolder(section, overrides, files)
    if let value = section["limits"] { limits = try LimitSettings(value) }
    if let value = section["transport"] { transport = try TransportSettings(value) }
  }
}

extension ProcessSettings {
  /// `--admin` or `admin`; nil where there is neither.
  static func adminAddress(_ section: Section, _ overrides: Overrides) throws(ConfigurationError) -> ConfiguredAddress? {
    guard let value = overrides.admin.map({ Value(flag: "--admin", $0) }) ?? section["admin"] else { return nil }
    return ConfiguredAddress(.tcp, try value.listenAddress(example: "127.0.0.1:9901"), from: value)
  }

  /// `--qlog` or `qlog`; nil where there is neither.
  private static func traceFolder(
    _ section: Section, _ overrides: Overrides, _ files: FileReader
  ) throws(ConfigurationError) -> String? {
    guard let value = overrides.qlog.map({ Value(flag: "--qlog", $0) }) ?? section["qlog"] else { return nil }
    return try files.writableFolder(try value.text(), named: value)
  }

  /// The keys in which these settings are not what others are.
  public func differences(from other: ProcessSettings) -> [String] {
    [
      ("loops", loops == other.loops), ("admin", admin == other.admin), ("drain_timeout", drainTimeout == other.drainTimeout),
      ("log", log == other.log), ("qlog", qlog == other.qlog), ("limits", limits == other.limits),
      ("transport", transport == other.transport),
    ].filter { !$0.1 }.map(\.0)
  }
}

extension LogSettings {
  init(_ value: Value) throws(ConfigurationError) {
    self.init()
    let section = try value.section(["format", "level", "access"])
    if let value = section["format"] { format = try value.choice(Format.self) }
    if let value = section["level"] { level = try value.choice(Level.self) }
    if let value = section["access"] { access = try value.flag() }
  }
}

extension LimitSettings {
  init(_ value: Value) throws(ConfigurationError) {
    self.init()
    let section = try value.section([
      "fields", "field_value", "request_head", "idle_client", "connect", "tunnels_per_origin", "tunnels_per_peer",
      "tunnels_connecting",
    ])
    if let value = section["fields"] { fields = try value.byteCount(in: Self.fieldsRange) }
    if let value = section["field_value"] { fieldValue = try value.byteCount(in: Self.fieldValueRange) }
    if let value = section["request_head"] { requestHead = try value.duration(in: Self.timeRange) }
    if let value = section["idle_client"] { idleClient = try value.duration(in: Self.timeRange) }
    if let value = section["connect"] { connect = try value.duration(in: Self.timeRange) }
    if let value = section["tunnels_per_origin"] { tunnelsPerOrigin = try value.integer(in: Self.tunnelsRange) }
    if let value = section["tunnels_per_peer"] { tunnelsPerPeer = try value.integer(in: Self.tunnelsRange) }
    if let value = section["tunnels_connecting"] { tunnelsConnecting = try value.integer(in: Self.tunnelsRange) }
    guard fieldValue <= fields else {
      throw value.error("field_value (\(fieldValue)) is more than fields (\(fields))", "raise fields or lower field_value")
    }
  }
}

extension TransportSettings {
  init(_ value: Value) throws(ConfigurationError) {
    self.init()
    let section = try value.section([
      "congestion_control", "idle_timeout", "max_udp_payload", "connection_budget", "max_streams", "shield", "gso",
    ])
    if let value = section["congestion_control"] { congestionControl = try value.choice(CongestionControl.self) }
    if let value = section["idle_timeout"] { idleTimeout = try value.duration(in: Self.idleTimeoutRange) }
    if let value = section["max_udp_payload"] { maxUDPPayload = try value.integer(in: Self.maxUDPPayloadRange) }
    if let value = section["connection_budget"] { connectionBudget = try value.byteCount(in: Self.connectionBudgetRange) }
    if let value = section["max_streams"] { maxStreams = try value.integer(in: Self.maxStreamsRange) }
    if let value = section["shield"] { shield = try value.choice(Shield.self) }
    if let value = section["gso"] { gso = try value.choice(Offload.self) }
  }
}
