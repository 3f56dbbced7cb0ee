public import HTTPMessage

/// What an HTTP/2 endpoint announces in SETTINGS (RFC 9113 §6.5) and holds its peer against.
public struct HTTP2Configuration: Sendable {
  /// SETTINGS_MAX_CONCURRENT_STREAMS of a server.
  public var maximumConcurrentStreams: UInt32 = 1000
  /// SETTINGS_INITIAL_WINDOW_SIZE: bytes of content that a stream may have outstanding at first.
  public var streamWindowBytes: Int32 = 64 * 1024
  /// Bytes to which the window of a stream grows while it is drained as fast as it fills.
  public var maximumStreamWindowBytes = 1024 * 1024
  /// Bytes by which the windows of all streams together may grow.
  public var growthBudgetBytes = 8 * 1024 * 1024
  /// The window of the whole connection, in bytes.
  public var connectionWindowBytes: Int32 = 16 * 1024 * 1024
  /// Bytes that all streams together may have outstanding before the connection's window is no longer refilled.
  public var budgetBytes = 32 * 1024 * 1024
  /// Limits of incoming heads and trailers.
  public var limits = MessageLimits.defaults
  /// How many streams a client may reset before they were answered, beyond those that were answered (CVE-2023-44487).
  public var unansweredResetBudget = 1000
  /// Frames without content that may wait to be sent before nothing more is read.
  public var maximumWaitingFrames = 5000
  /// Bytes of output after which one piece is handed out: with one more frame of 16 KiB it fills a buffer of 64 KiB, and does not
  /// spill into one of twice that size.
  public var outputPieceBytes = 47 * 1024

  public init() {}
}
