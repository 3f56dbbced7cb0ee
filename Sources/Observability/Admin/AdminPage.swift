public import NIOCore

/// One page of the admin endpoint: makes its answer at once or later, on the endpoint's loop.
///
/// The completion is called once; it may outlive the request, whose client may have left meanwhile.
public typealias AdminPage = (_ query: String, _ completion: @escaping (AdminAnswer) -> Void) -> Void

/// What an admin page answers.
public struct AdminAnswer: Sendable, Equatable {
  public var status: Int
  public var contentType: String
  public var body: ByteBuffer

  public init(status: Int, contentType: String = "text/plain; charset=utf-8", body: ByteBuffer) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// One line of text.
  public static func text(_ status: Int, _ line: String) -> AdminAnswer {
    AdminAnswer(status: status, body: ByteBuffer(string: line + "\n"))
  }
}

/// Whether this process should be sent requests.
public enum Readiness: Sendable, Equatable {
  case ready
  /// One sentence: what is missing.
  case notReady(String)
}
