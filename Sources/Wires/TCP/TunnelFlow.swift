import NIOCore

/// Both ways of a byte tunnel on its TCP connection: what waits to be written, what was read and not taken yet, and how each
/// ended.
struct TunnelFlow {
  /// Bytes that were read and handed on, and that their reader has not reported consumed.
  private(set) var outstandingBytes = 0
  /// The peer has sent all that it will (FIN).
  private(set) var hasPeerEnded = false
  /// Nothing follows what waits to be written.
  private(set) var isOutputEnded = false
  /// Cut off: the peer is to see a reset.
  private(set) var isCut = false
  private var output = OutputQueue()
  private var takenBytes = 0

  /// Nothing comes on either way any more.
  var hasEnded: Bool { hasPeerEnded && isOutputEnded }

  /// Both ways have ended, and all is written.
  var isOver: Bool { hasEnded && output.isEmpty }

  var wantsBytes: Bool { isCut || outstandingBytes < Self.outstandingLimitBytes }

  /// FIN is due although the peer may send on.
  var endsOutput: Bool { isOutputEnded && output.isEmpty && !hasPeerEnded }

  var wantsClose: Bool { isCut || isOver }

  mutating func received(_ byteCount: Int) { outstandingBytes += byteCount }

  mutating func consumed(_ byteCount: Int) { outstandingBytes = max(0, outstandingBytes - byteCount) }

  mutating func peerEnded() { hasPeerEnded = true }

  mutating func write(_ chunk: ByteBuffer) {
    guard !isCut, !isOutputEnded, chunk.readableBytes > 0 else { return }
    output.writeContent(chunk)
  }

  mutating func endOutput() { isOutputEnded = true }

  mutating func cut() {
    isCut = true
    output.removeAll()
  }

  /// How much of what was handed out last has left by now.
  mutating func takeLeft() -> Int {
    defer { takenBytes = 0 }
    return takenBytes
  }

  mutating func next() -> ByteBuffer? {
    guard let piece = output.next() else { return nil }
    takenBytes = piece.contentBytes
    return piece.bytes
  }

  /// As much as a receive buffer of the kernel holds at first; the link's windows come on top.
  private static let outstandingLimitBytes = 64 * 1024
}
