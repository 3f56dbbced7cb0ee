/// A QUIC connection ID (RFC 9000 §5.1): up to 20 bytes, held inline so that it can be a table's key without an allocation.
public struct ConnectionID: Hashable, Sendable {
  var word0: UInt64 = 0
  var word1: UInt64 = 0
  var word2: UInt32 = 0
  /// The number of bytes, 0 to 20.
  public internal(set) var count: UInt8 = 0

  init() {}
}

/// The layout of the connection IDs that an `Endpoint` issues: byte 0 names its event loop, bytes 1 and 2 the run of the process,
/// the others are random.
///
/// So a datagram finds its loop whatever address it comes from, in this process or, as a classic BPF program, in the kernel.
enum ConnectionIDLayout {
  static let byteCount = 12
  static let randomOffset = 3
}
