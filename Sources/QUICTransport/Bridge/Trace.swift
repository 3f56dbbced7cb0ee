internal import CNgtcp2
internal import NIOCore

/// The trace of one connection on its way from ngtcp2 to its sink: collected, as ngtcp2 tells of each packet by itself.
final class Trace {
  private let sink: any TraceSink
  private var records: [UInt8] = []
  private var passedOnAt: NIODeadline

  init(_ sink: any TraceSink, now: NIODeadline) {
    self.sink = sink
    passedOnAt = now
  }

  func append(_ text: UnsafeRawBufferPointer, now: NIODeadline) {
    unsafe records.append(contentsOf: text)
    if records.count >= Self.pieceBytes || now - passedOnAt >= Self.longestWait { passOn(now: now) }
  }

  func passOn(now: NIODeadline) {
    passedOnAt = now
    guard !records.isEmpty else { return }
    sink.write(records)
    records.removeAll(keepingCapacity: true)
  }

  func end() { sink.end() }

  private static let pieceBytes = 32 << 10
  private static let longestWait = TimeAmount.seconds(1)
}

extension ngtcp2_qlog_settings {
  /// - Parameter original: the connection ID of the client's first packet, by which the trace is known.
  static func tracing(original: ConnectionID) -> ngtcp2_qlog_settings {
    var settings = ngtcp2_qlog_settings()
    settings.odcid = original.ngtcp2
    unsafe settings.write = { user, _, text, count in
      // The last call has no text. It comes from the connection's `deinit`, which ends the trace itself.
      guard count > 0, let user = unsafe user else { return }
      unsafe Unmanaged<Connection>.fromOpaque(user)._withUnsafeGuaranteedRef { connection in
        unsafe connection.trace?.append(UnsafeRawBufferPointer(start: text, count: count), now: connection.now)
      }
    }
    return settings
  }
}
