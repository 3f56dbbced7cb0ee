import CSocket
import Glibc

/// One end of the link: a network device whose packets are read and written here. It goes when the process ends.
///
/// The descriptor stays valid when the device is moved into a network namespace.
@safe final class TunDevice {
  let name: String
  let descriptor: Int32
  /// No packet is larger: the device reads one packet at a time into it, and only what is there is copied on.
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 64)

  init(name: String) throws(SystemError) {
    self.name = name
    descriptor = unsafe csocket_tun_open(name)
    guard descriptor >= 0 else { throw SystemError("the device \(name) cannot be made") }
  }

  deinit {
    close(descriptor)
    unsafe scratch.deallocate()
  }

  /// The bytes of the next packet that the kernel sent out through the device; nil when there is none now.
  func read() throws(SystemError) -> [UInt8]? {
    while true {
      let count = unsafe Glibc.read(descriptor, scratch.baseAddress, scratch.count)
      if count > 0 { return unsafe [UInt8](UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return nil
      default: throw SystemError("\(name) cannot be read")
      }
    }
  }

  /// Gives a packet to the kernel as one that came in through the device.
  /// - Returns: false when the kernel does not take it: the device is not up, or there is no memory for it now.
  func write(_ packet: borrowing [UInt8]) -> Bool {
    while true {
      if unsafe packet.withUnsafeBytes({ unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }) >= 0 { return true }
      if errno != EINTR { return false }
    }
  }
}
