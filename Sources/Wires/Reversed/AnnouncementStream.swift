import HTTP3
import NIOCore
public import QUICTransport

/// The announcements of both ends of a reversed connection, beside the requests on it.
///
/// The network layer gives `application` to the connection, and calls `takeReceived()` where it calls `processEvents()` of the
/// wire. Confined to the connection's event loop.
public final class AnnouncementStream {
  private let stream: HTTP3ExtensionStream
  private var reader = AnnouncementReader()
  private var isBroken = false

  /// - Parameter wire: who gets everything else that comes on the connection.
  public init(beside wire: any StreamApplication) {
    stream = HTTP3ExtensionStream(Announcement.streamType, beside: wire)
  }

  /// What the connection feeds and drains.
  public var application: any StreamApplication { stream }

  /// Tells the peer; what was told before holds no more.
  /// - Precondition: what is announced is within `EdgeAnnouncement.Limits`.
  public func send(_ announcement: Announcement) {
    stream.send(ByteBuffer(bytes: announcement.encoded))
  }

  /// The newest of what the peer has announced since the last call; nil for nothing.
  /// - Throws: once, when it has sent what nobody can read: the connection is to be closed with it.
  public func takeReceived() throws(ApplicationError) -> Announcement? {
    guard !isBroken, let bytes = stream.takeReceived() else { return nil }
    reader.append(bytes)
    do throws(AnnouncementError) {
      var newest: Announcement?
      while let next = try reader.next() { newest = next }
      return newest
    } catch {
      isBroken = true
      throw ApplicationError(error)
    }
  }

  /// The connection is gone. To be called once.
  public func connectionClosed() { stream.connectionClosed() }
}

extension ApplicationError {
  fileprivate init(_ error: AnnouncementError) {
    switch error {
    case .malformed: self.init(code: HTTP3ErrorCode.frameError.rawValue, reason: "an announcement cannot be read")
    case .tooLarge: self.init(code: HTTP3ErrorCode.excessiveLoad.rawValue, reason: "an announcement is too large")
    case .beyondLimits:
      self.init(
        code: HTTP3ErrorCode.excessiveLoad.rawValue, reason: "an announcement names more, or longer, things than may be named")
    }
  }
}
