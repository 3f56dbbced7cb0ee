import NIOCore

/// Tells of connections that a listening socket could not take; the channel stays open.
final class AcceptFailureHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let report: (AcceptFailure) -> Void

  init(_ report: @escaping (AcceptFailure) -> Void) {
    self.report = report
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    report(AcceptFailure(errnoCode: error.errnoCode))
  }
}
