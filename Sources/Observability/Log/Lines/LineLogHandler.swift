public import Logging

/// swift-log's backend of quicgw: one line an entry, text or JSON, to any `LineOutput`.
public struct LineLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let format: LogFormat
  private let output: any LineOutput
  private let clock: @Sendable () -> WallTime

  /// - Parameters:
  ///   - settings: format and lowest level.
  ///   - output: where lines go.
  ///   - clock: what the time is; tests give their own.
  public init(
    settings: LogSettings, output: any LineOutput = StandardStream.standardError,
    clock: @escaping @Sendable () -> WallTime = { WallTime.now() }
  ) {
    logLevel = settings.level
    format = settings.format
    self.output = output
    self.clock = clock
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var line = LineEncoder(format: format)
    line.begin(time: clock(), level: event.level)
    line.message(event.message.description)
    for (key, value) in fields(of: event) {
      line.field(Self.ownKeys.contains(key) ? "_" + key : key, metadata: value)
    }
    if let error = event.error { line.field("error", "\(error)") }
    line.end()
    output.write(line.take())
  }

  /// The handler's, the provider's and the entry's metadata, later ones winning, in the order of their keys.
  private func fields(of event: LogEvent) -> [(key: String, value: Logger.Metadata.Value)] {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    return all.sorted { $0.key < $1.key }
  }

  private static let ownKeys: Set<String> = ["time", "level", "message"]
}

extension LineEncoder {
  /// One piece of swift-log's metadata; numbers, truth values and lists stay what they are.
  fileprivate mutating func field(_ key: String, metadata value: Logger.Metadata.Value) {
    switch value {
    case .stringConvertible(let number as any BinaryInteger & Sendable): rawField(key, "\(number)")
    case .stringConvertible(let truth as Bool): rawField(key, "\(truth)")
    case .stringConvertible(let duration as Duration): field(key, milliseconds: duration)
    case .array(let elements): field(key, list: elements.map { "\($0)" })
    default: field(key, "\(value)")
    }
  }
}
