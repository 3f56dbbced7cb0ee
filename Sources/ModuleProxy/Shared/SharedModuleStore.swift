public import NIOCore

/// A store that replicas share, so that what one of them has fetched the others need not ask an origin for: Redis, where there is one.
///
/// It may be away, slow, or hold anything at all. Nobody waits for it for longer than `ModuleSettings.sharedPatience`, and what it says
/// is checked like an origin's answer. Lives on the cache's loop.
public protocol SharedModuleStore: AnyObject {
  /// As log lines name it.
  var name: String { get }

  /// - Parameters:
  ///   - byteLimit: how much of a value is wanted at most; a longer one may come cut.
  ///   - answer: called at most once, on the loop, at once or however late.
  func find(_ key: String, byteLimit: Int, answer: @escaping (SharedLookup) -> Void)

  /// Takes a value in place of what was there, for as long as `lifetime` says.
  /// - Parameter answer: called at most once, on the loop, with why it was not taken; nil when it was.
  func keep(_ value: ByteBuffer, as key: String, for lifetime: Duration, answer: @escaping (_ refusal: String?) -> Void)
}

/// What a shared store says to a question.
public enum SharedLookup: Sendable, Equatable {
  case found(ByteBuffer)
  case absent
  /// It cannot be asked, or says so itself.
  case failed(reason: String)
}
