import CSocket
import Glibc
import Synchronization

/// A file descriptor that takes lines: the process's standard error or standard output.
///
/// Every call is one `write(2)`, so a line is at its reader when the call returns. A reader that is too slow for a descriptor
/// in non-blocking mode loses lines; they are counted and the loss is written as soon as there is room.
public final class StandardStream: LineOutput {
  public static let standardError = StandardStream(fileDescriptor: 2)
  public static let standardOutput = StandardStream(fileDescriptor: 1)

  private let fileDescriptor: Int32
  private let lost = Mutex(0)

  /// - Parameter fileDescriptor: open for writing; not closed by this object.
  public init(fileDescriptor: Int32) {
    self.fileDescriptor = fileDescriptor
  }

  public func write(_ lines: [UInt8]) {
    // The lock keeps the parts of a partial write together.
    lost.withLock { lost in
      if lost > 0 {
        guard put(Array("quicgw: \(lost) writes of the log were lost, their reader was too slow\n".utf8)) else {
          lost += 1
          return
        }
        lost = 0
      }
      if !put(lines) { lost += 1 }
    }
  }

  /// Writes all bytes; false if they, or the rest of them, could not be written.
  private func put(_ bytes: [UInt8]) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = unsafe Glibc.write(fileDescriptor, bytes.baseAddress! + sent, bytes.count - sent)
        if count >= 0 {
          sent += count
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}
