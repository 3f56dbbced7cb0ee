public import Events
public import Exchange

/// One line a request, made without swift-log: bytes go into one buffer, and all lines of a loop's turn are one write.
///
/// One object a loop, used on that loop only; the loop's `EventFan` has none when requests are not logged.
public final class AccessLog: TurnParticipant {
  private var lines: LineEncoder
  private var isEnrolled = false
  private let turn: LoopTurn
  private let level: LogLevel
  private let output: any LineOutput
  private let clock: () -> WallTime

  /// - Parameters:
  ///   - settings: format and lowest level; complete and cancelled requests are `info`, failed ones `warning`.
  ///   - turn: the turn of the loop, at whose end lines are written.
  ///   - output: where lines go.
  ///   - clock: what the time is; tests give their own.
  public init(
    settings: LogSettings, turn: LoopTurn, output: any LineOutput = StandardStream.standardError,
    clock: @escaping () -> WallTime = { WallTime.now() }
  ) {
    lines = LineEncoder(format: settings.format)
    level = settings.level
    self.turn = turn
    self.output = output
    self.clock = clock
  }

  /// Makes the line of one request.
  public func record(_ summary: ExchangeSummary) {
    guard summary.outcome.logLevel >= level else { return }
    lines.begin(time: clock(), level: summary.outcome.logLevel)
    lines.request(summary)
    lines.end()
    if lines.bytes.count >= Self.writeSize { return write() }
    guard !isEnrolled else { return }
    isEnrolled = true
    turn.enroll(self)
  }

  public func endTurn() {
    isEnrolled = false
    write()
  }

  private func write() {
    guard !lines.bytes.isEmpty else { return }
    output.write(lines.take())
  }

  /// Lines are written before the turn ends when they have become so many bytes.
  private static let writeSize = 32 * 1024
}

extension LineEncoder {
  fileprivate mutating func request(_ summary: ExchangeSummary) {
    message(summary.methodBytes, summary.pathBytes)
    if isJSON {
      // In text the sentence is made of them.
      field("event", Event.exchangeEnded(summary).name)
      field("method", foreign: summary.methodBytes)
      field("path", foreign: summary.pathBytes)
    }
    if let status = summary.status { field("status", status) }
    if let grpcStatus = summary.grpcStatus { field("grpc_status", grpcStatus) }
    field("service", summary.service)
    field("direction", summary.direction.rawValue)
    field("wire", summary.clientWire)
    field("to", summary.destinationWire)
    if let identity = summary.identity { field("edge", identity) }
    field("client", summary.client)
    field("request_bytes", summary.requestBytes)
    field("response_bytes", summary.responseBytes)
    field("duration_ms", milliseconds: summary.duration)
    guard summary.outcome != .complete else { return }
    field("outcome", summary.outcome.rawValue)
    if let reason = summary.reason { field("reason", reason) }
  }
}
