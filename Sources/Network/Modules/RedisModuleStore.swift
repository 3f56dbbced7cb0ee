import ModuleProxy
import NIOCore

/// What replicas of a module cache share, in Redis: strings under `quicgw:module:SERVICE:PATH`.
final class RedisModuleStore: SharedModuleStore {
  private let client: RedisClient
  private let prefix: String
  /// Of values that are on their way.
  private var sentByteCount = 0

  init(_ client: RedisClient, service: String) {
    self.client = client
    prefix = "quicgw:module:\(service):"
  }

  var name: String { client.options.name }

  func find(_ key: String, byteLimit: Int, answer: @escaping (SharedLookup) -> Void) {
    // Whatever somebody has put there, no more of it comes.
    let command = ["GETRANGE", prefix + key, "0", String(byteLimit - 1)]
    client.send(command.map { ByteBuffer(string: $0) }) { [client] reply in
      switch reply {
      // To GETRANGE a key that is not there is an empty string.
      case .content(let value): answer(value.readableBytes == 0 ? .absent : .found(value))
      // The key has a list or the like, which the next value replaces.
      case .error(let words) where words.hasPrefix("WRONGTYPE"): answer(.absent)
      case .error(let words): answer(.failed(reason: "it says: \(words)"))
      case .status, .nothing, .other: answer(.failed(reason: "its reply is none to GETRANGE"))
      case nil: answer(.failed(reason: client.trouble ?? "the connection was closed"))
      }
    }
  }

  func keep(_ value: ByteBuffer, as key: String, for lifetime: Duration, answer: @escaping (_ refusal: String?) -> Void) {
    // A server that reads slowly is spared what others can fetch.
    guard sentByteCount + value.readableBytes <= Self.sentByteLimit else { return }
    sentByteCount += value.readableBytes
    var command = ["SET", prefix + key].map { ByteBuffer(string: $0) }
    command.append(value)
    command += ["EX", String(max(1, lifetime.components.seconds))].map { ByteBuffer(string: $0) }
    client.send(command) { [self] reply in
      sentByteCount -= value.readableBytes
      switch reply {
      case .status: answer(nil)
      case .error(let words): answer("it says: \(words)")
      case .nothing, .content, .other: answer("its reply is none to SET")
      // Whoever asks next learns why.
      case nil: break
      }
    }
  }

  private static let sentByteLimit = 8 << 20
}
