public import Exchange
import NIOCore

/// One place that modules come from.
public struct ModuleSource {
  /// Takes requests as the cache gets them.
  let handler: any ExchangeHandler
  let isPublic: Bool
  let yieldsToErrors: Bool

  /// - Parameters:
  ///   - isPublic: it never hears of private modules.
  ///   - yieldsToErrors: the next source is asked after any error of this one, not only where it has no such thing.
  public init(_ handler: any ExchangeHandler, isPublic: Bool = false, yieldsToErrors: Bool = false) {
    self.handler = handler
    self.isPublic = isPublic
    self.yieldsToErrors = yieldsToErrors
  }
}

/// All that one cache has; lives on its loop.
public struct ModuleSources {
  /// The service's own origins: they get what is no part of the protocol.
  let own: ModuleSource
  private let list: [ModuleSource]

  /// - Parameter list: who is asked for modules, in order; where it is empty, `own` alone is.
  public init(own: ModuleSource, list: [ModuleSource] = []) {
    self.own = own
    self.list = list.isEmpty ? [own] : list
  }

  /// Whom one thing is asked of. It is for one download: what goes on in the middle goes on at the source where it began.
  /// - Parameter isPrivate: whether it tells of a private module.
  func handler(isPrivate: Bool, on eventLoop: any EventLoop) -> any ExchangeHandler {
    let open = isPrivate ? list.filter { !$0.isPublic } : list
    // The usual case costs nothing.
    if list.count == 1, let only = open.first { return only.handler }
    return SourceChain(open, eventLoop: eventLoop)
  }
}
