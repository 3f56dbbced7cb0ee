import Glibc
import Synchronization

/// A file that is made with the first bytes for it, and is its owner's only: who reads a trace knows who talked to whom.
///
/// `append`, `close` and `path` are for one thread.
final class AppendedFile: @unchecked Sendable {
  // Unchecked because what changes belongs to the one thread that writes, but for the flag.
  private var descriptor: Int32 = -1
  private var byteCount = 0
  private var hasFailed = false
  private var number = 1
  private let folder: String
  private let name: String
  private let ending: String
  private let stopFlag = Atomic<Bool>(false)

  init(folder: String, name: String, ending: String) {
    self.folder = folder
    self.name = name
    self.ending = ending
  }

  deinit { close() }

  var path: String { "\(folder)/\(name)\(number == 1 ? "" : "-\(number)").\(ending)" }

  /// Nothing more is to be handed over.
  var isStopped: Bool { stopFlag.load(ordering: .relaxed) }

  /// - Returns: whether this call was the first.
  func stop() -> Bool { !stopFlag.exchange(true, ordering: .relaxed) }

  /// Writes all of it, or leaves the file as it was, also from then on.
  func append(_ bytes: [UInt8]) throws(FileError) {
    guard !hasFailed else { return }
    hasFailed = true
    if descriptor < 0 { try make() }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        let error = FileError(code: errno)
        _ = ftruncate(descriptor, byteCount)
        throw error
      }
    }
    byteCount += bytes.count
    hasFailed = false
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  private func make() throws(FileError) {
    while true {
      descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
      if descriptor >= 0 { return }
      guard errno == EEXIST, number < Self.numberLimit else { throw FileError(code: errno) }
      number += 1
    }
  }

  /// A client that comes with the same connection ID again and again is up to no good.
  private static let numberLimit = 100
}

/// Why a file could not be written, in the system's words.
struct FileError: Error, CustomStringConvertible {
  let code: Int32

  var description: String { unsafe String(cString: strerror(code)) }
}
