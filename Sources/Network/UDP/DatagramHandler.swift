import NIOCore
import QUICTransport

/// Reads datagrams from NIO's channel into the driver of an endpoint; what GRO joined is cut apart there.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let driver: EndpointDriver

  init(driver: EndpointDriver) {
    self.driver = driver
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    driver.received(unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) {
    driver.channelClosed()
    context.fireChannelInactive()
  }

  /// Errors of single datagrams (an ICMP message, a short buffer) are loss to QUIC; the socket goes on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    driver.readFailed(error)
  }
}
