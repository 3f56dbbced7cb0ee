internal import Glibc
import NIOCore

/// Why a listener could not take a connection.
struct AcceptFailure: Sendable, Equatable {
  /// An `errno` value.
  let errnoCode: CInt

  /// How long nothing is accepted: what is used up does not come back at once. Not where only one client has left early.
  static func pause(after error: IOError) -> TimeAmount? {
    error.errnoCode == ECONNABORTED ? nil : .seconds(1)
  }
}

extension AcceptFailure: CustomStringConvertible {
  var description: String {
    switch errnoCode {
    case EMFILE: "the process has as many files open as it may; raise its limit (LimitNOFILE=, ulimit -n)"
    case ENFILE: "the system has as many files open as it may; raise fs.file-max"
    case ENOBUFS, ENOMEM: "the system has no memory for it"
    case ECONNABORTED: "the client left before it was accepted"
    default: "the system refused with errno \(errnoCode)"
    }
  }
}
