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
  private let loss = Mutex(Loss())

  /// What was not written since the last line that was.
  private struct Loss {
    var writes = 0
    /// A write broke off within a line.
    var isInLine = false

    var sentence: String { "\(isInLine ? "\n" : "")quicgw: \(writes) writes of the log were lost, their reader was too slow\n" }
  }

  /// - Parameter fileDescriptor: open for writing; not closed by this object.
  public init(fileDescriptor: Int32) {
    self.fileDescriptor = fileDescriptor
  }

  public func write(_ lines: [UInt8]) {
    // The lock keeps the parts of a partial write together.
    loss.withLock { loss in
      if loss.writes > 0 {
        let sentence = Array(loss.sentence.utf8)
        guard put(sentence) == sentence.count else {
          loss.writes += 1
          return
        }
        loss = Loss()
      }
      let count = put(lines)
      guard count < lines.count else { return }
      loss = Loss(writes: 1, isInLine: count > 0 && lines[count - 1] != UInt8(ascii: "\n"))
    }
  }

  /// Writes as much as the descriptor takes and says how much that was.
  private func put(_ bytes: [UInt8]) -> Int {
    unsafe bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = unsafe Glibc.write(fileDescriptor, bytes.baseAddress! + sent, bytes.count - sent)
        if count >= 0 {
          sent += count
        } else if errno != EINTR {
          break
        }
      }
      return sent
    }
  }
}
