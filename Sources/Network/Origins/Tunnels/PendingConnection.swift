import NIOCore

/// A connection that is being made, for whoever may not want it any more. Used on its loop only.
final class PendingConnection {
  private(set) var isCancelled = false
  /// One for each address that is being tried.
  private var channels: [any Channel] = []

  /// A channel is about to connect.
  /// - Throws: when nobody waits for it.
  func add(_ channel: any Channel) throws {
    if isCancelled { throw OriginConnectionError.cancelled }
    channels.append(channel)
  }

  /// It was made or could not be: nothing is left to be cancelled.
  func end() { channels = [] }

  /// Closes what is being connected, and lets no further address be tried.
  func cancel() {
    isCancelled = true
    let channels = channels
    self.channels = []
    for channel in channels { channel.close(promise: nil) }
  }
}
