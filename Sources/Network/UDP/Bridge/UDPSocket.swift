internal import CSocket
import Glibc
import NIOCore
import QUICTransport

/// A bound UDP socket that bursts are sent from. NIO reads from the same descriptor and closes it.
///
/// Confined to its loop. Sending uses the descriptor only until `channelClosed()`.
final class UDPSocket {
  let descriptor: CInt
  let localAddress: Address
  /// False once the kernel has refused, or when the operator said so.
  private(set) var usesSegmentation: Bool
  private var isOpen = true

  init(_ bound: BoundSocket, usesSegmentation: Bool) {
    descriptor = bound.descriptor
    localAddress = bound.localAddress
    self.usesSegmentation = usesSegmentation
  }

  /// What became of a burst.
  enum Outcome: Equatable {
    case sent
    /// The kernel's queue is full: to be sent again when the socket is writable, or lost.
    case blocked
    /// The kernel or the device refuses segmentation; the burst was sent datagram by datagram, as all later ones will be.
    case segmentationRefused(errno: CInt)
    /// Too long for the path: path MTU discovery learns it from the loss.
    case tooLong
    /// The network cannot be reached now; QUIC takes it as loss.
    case unreachable(errno: CInt)
  }

  /// Sends the datagrams of one burst.
  func send(_ bytes: UnsafeRawBufferPointer, segmentBytes: Int, path: NetworkPath, ecn: ECNCodepoint) -> Outcome {
    guard isOpen else { return .unreachable(errno: EBADF) }
    guard bytes.count > segmentBytes, !usesSegmentation else {
      return unsafe sendSegmented(bytes, segmentBytes: segmentBytes, path: path, ecn: ecn)
    }
    return unsafe sendSingly(bytes, segmentBytes: segmentBytes, path: path, ecn: ecn)
  }

  /// The channel was closed and with it the descriptor.
  func channelClosed() { isOpen = false }

  /// Lets the kernel join datagrams on arrival (GRO).
  func enableReceiveOffload() throws {
    guard csocket_enable_receive_offload(descriptor) == 0 else { throw IOError(errnoCode: errno, reason: "UDP_GRO") }
  }

  private func sendSegmented(
    _ bytes: UnsafeRawBufferPointer, segmentBytes: Int, path: NetworkPath, ecn: ECNCodepoint
  ) -> Outcome {
    let isBurst = bytes.count > segmentBytes
    let sent = unsafe transmit(bytes, segmentBytes: isBurst ? segmentBytes : 0, path: path, ecn: ecn)
    if sent >= 0 { return .sent }
    let error = errno
    if isBurst, csocket_is_offload_refusal(error) {
      // EINVAL also says that the address to send from is gone; then single datagrams are refused too.
      let outcome = unsafe sendSingly(bytes, segmentBytes: segmentBytes, path: path, ecn: ecn)
      guard outcome == .sent else { return outcome }
      usesSegmentation = false
      return .segmentationRefused(errno: error)
    }
    return outcome(of: error)
  }

  private func sendSingly(_ bytes: UnsafeRawBufferPointer, segmentBytes: Int, path: NetworkPath, ecn: ECNCodepoint) -> Outcome {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let segment = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(segmentBytes))
      if unsafe transmit(segment, segmentBytes: 0, path: path, ecn: ecn) < 0 { return outcome(of: errno) }
      unsafe rest = rest.dropFirst(segmentBytes)
    }
    return .sent
  }

  private func transmit(_ bytes: UnsafeRawBufferPointer, segmentBytes: Int, path: NetworkPath, ecn: ECNCodepoint) -> Int {
    unsafe path.remote.withSockaddr { remote in
      unsafe path.local.withSockaddr { local in
        unsafe csocket_send_burst(
          descriptor, bytes.baseAddress, bytes.count, UInt16(segmentBytes),
          remote.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(remote.count),
          local.baseAddress?.assumingMemoryBound(to: sockaddr.self), ecn.rawValue)
      }
    }
  }

  private func outcome(of error: CInt) -> Outcome {
    switch error {
    case EAGAIN, ENOBUFS: .blocked
    case EMSGSIZE: .tooLong
    default: .unreachable(errno: error)
    }
  }
}
