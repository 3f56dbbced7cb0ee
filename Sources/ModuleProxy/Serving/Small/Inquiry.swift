import Exchange
import NIOCore

/// One question to the sources, and all who wait for its answer.
final class Inquiry {
  let resource: ModuleResource
  let key: String
  let request: ExchangeRequest
  /// What may be given when no answer comes.
  var old: SmallAnswer?
  /// The sources have had time enough: who can have something old does not wait for them.
  var isOverdue = false
  private var waiting: [EventLoopPromise<ServedAnswer>]

  init(_ resource: ModuleResource, _ key: String, _ request: ExchangeRequest, for first: EventLoopPromise<ServedAnswer>) {
    self.resource = resource
    self.key = key
    self.request = request
    waiting = [first]
  }

  func add(_ promise: EventLoopPromise<ServedAnswer>) { waiting.append(promise) }

  /// Those who have waited longest come first; each is taken once.
  func takeWaiting() -> [EventLoopPromise<ServedAnswer>] {
    defer { waiting = [] }
    return waiting
  }
}
