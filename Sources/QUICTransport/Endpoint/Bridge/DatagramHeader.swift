/// As much of a datagram's first packet as is the same in all versions of QUIC (RFC 8999), and whose it is.
struct DatagramHeader {
  /// Zero for a short header and for Version Negotiation.
  var version: UInt32 = 0
  var destination = ConnectionID()
  /// Empty for a short header.
  var source = ConnectionID()
  var form: Form

  enum Form {
    case short, versionNegotiation, initial, otherLong
  }

  /// Reads the header; nil when the bytes end too early or a connection ID is longer than version 1 allows.
  ///
  /// The connection IDs of a version that is not spoken here may be longer; such datagrams get no answer.
  init?(_ datagram: UnsafeRawBufferPointer) {
    guard let first = unsafe datagram.first else { return nil }
    guard first & 0x80 != 0 else {
      form = .short
      guard datagram.count > ConnectionIDLayout.byteCount else { return nil }
      guard let id = unsafe ConnectionID(UnsafeRawBufferPointer(rebasing: datagram[1..<1 + ConnectionIDLayout.byteCount])) else {
        return nil
      }
      destination = id
      return
    }
    guard datagram.count >= 7 else { return nil }
    version = UInt32(bigEndian: unsafe datagram.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
    let destinationEnd = unsafe 6 + Int(datagram[5])
    guard datagram.count > destinationEnd else { return nil }
    let sourceEnd = unsafe destinationEnd + 1 + Int(datagram[destinationEnd])
    guard datagram.count >= sourceEnd else { return nil }
    guard
      let destination = unsafe ConnectionID(UnsafeRawBufferPointer(rebasing: datagram[6..<destinationEnd])),
      let source = unsafe ConnectionID(UnsafeRawBufferPointer(rebasing: datagram[destinationEnd + 1..<sourceEnd]))
    else { return nil }
    self.destination = destination
    self.source = source
    if version == 0 {
      form = .versionNegotiation
    } else {
      form = version == DatagramHeader.version1 && first & 0x30 == 0 ? .initial : .otherLong
    }
  }

  /// Whether a datagram begins with a short header for just this connection ID of ours; cheaper than to read the header.
  static func isShort(_ datagram: UnsafeRawBufferPointer, to id: ConnectionID) -> Bool {
    guard datagram.count > ConnectionIDLayout.byteCount, unsafe datagram[0] & 0x80 == 0, id.count == ConnectionIDLayout.byteCount
    else { return false }
    return unsafe datagram.loadUnaligned(fromByteOffset: 1, as: UInt64.self) == id.word0
      && datagram.loadUnaligned(fromByteOffset: 9, as: UInt32.self) == UInt32(truncatingIfNeeded: id.word1)
  }

  static let version1: UInt32 = 1
}

/// A client's first packet, with the token in it.
struct ClientInitial {
  var header: DatagramHeader
  var token: [UInt8] = []
  /// The destination that the client chose before a Retry; nil when there was no Retry.
  var originalDestination: ConnectionID?
}

/// A client's first datagram, kept until its handshake can begin.
struct WaitingHandshake {
  var initial: ClientInitial
  var datagram: [UInt8]
  var path: NetworkPath
  var ecn: ECNCodepoint
}
