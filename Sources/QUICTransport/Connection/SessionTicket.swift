/// What a client needs to resume a session (RFC 8446 §4.6.1) and to send early data in it (RFC 9001 §4.6). Secret: it holds the
/// session's keys.
public struct SessionTicket: Sendable, Equatable {
  /// GnuTLS's form of the session, with the server's certificate in it.
  let session: [UInt8]
  /// What the server allowed when it gave the ticket; early data keeps to it.
  let limits: RememberedLimits

  /// The application protocol (RFC 7301) of the session; early data may be sent for no other.
  public let applicationProtocol: [UInt8]

  /// The end of the validity of the server's certificate, in seconds of Unix time: what was proved to the client then.
  public let serverCertificateExpiry: Int64
}

extension SessionTicket {
  /// Bytes to keep on disk, for `init(serialized:)` of the same or a later version.
  public var serialized: [UInt8] {
    var writer = BigEndianWriter()
    writer.append(UInt32(applicationProtocol.count))
    writer.bytes += applicationProtocol
    writer.append(UInt64(bitPattern: serverCertificateExpiry))
    for value in limits.values { writer.append(value) }
    writer.append(UInt32(session.count))
    writer.bytes += session
    var front = BigEndianWriter()
    front.bytes += SessionTicket.magic
    front.append(writer.bytes.checksum)
    return front.bytes + writer.bytes
  }

  /// Reads what `serialized` gave; nil for anything else, however it came to be.
  public init?(serialized bytes: [UInt8]) {
    guard bytes.count <= SessionTicket.maximumSerializedBytes else { return nil }
    var reader = BigEndianReader(bytes[...])
    // GnuTLS trusts the session that it is given: a damaged one can end the process.
    guard reader.take(SessionTicket.magic.count) == SessionTicket.magic[...], let sum = reader.takeUInt64(),
      sum == reader.rest.checksum,
      let nameCount = reader.takeUInt32(), (1...255).contains(nameCount), let name = reader.take(Int(nameCount)),
      let expiry = reader.takeUInt64()
    else { return nil }
    var values: [UInt64] = []
    for _ in 0..<RememberedLimits.valueCount {
      guard let value = reader.takeUInt64() else { return nil }
      values.append(value)
    }
    guard let limits = RememberedLimits(values: values), let count = reader.takeUInt32(), count > 0,
      let session = reader.take(Int(count)), reader.isAtEnd
    else { return nil }
    self.init(
      session: Array(session), limits: limits, applicationProtocol: Array(name),
      serverCertificateExpiry: Int64(bitPattern: expiry))
  }

  /// A session holds the certificate chains of both sides; more than this is no ticket of ours.
  public static let maximumSerializedBytes = 64 * 1024

  private static let magic: [UInt8] = Array("quicgw ticket 1\n".utf8)
}

/// The eight transport parameters that a client remembers with a ticket (RFC 9000 §7.4.1). Those that name connection IDs, tokens
/// or timing belong to one connection and are not remembered.
struct RememberedLimits: Sendable, Equatable {
  var data: UInt64
  var streamDataBidirectionalLocal: UInt64
  var streamDataBidirectionalRemote: UInt64
  var streamDataUnidirectional: UInt64
  var bidirectionalStreams: UInt64
  var unidirectionalStreams: UInt64
  var activeConnectionIDs: UInt64
  var datagramFrameBytes: UInt64

  static let valueCount = 8

  var values: [UInt64] {
    [
      data, streamDataBidirectionalLocal, streamDataBidirectionalRemote, streamDataUnidirectional, bidirectionalStreams,
      unidirectionalStreams, activeConnectionIDs, datagramFrameBytes,
    ]
  }

  /// Nil when the values break RFC 9000 §18.2: the library asserts them instead of refusing.
  init?(values: [UInt64]) {
    guard values.count == Self.valueCount, values.allSatisfy({ $0 < 1 << 62 }), max(values[4], values[5]) <= 1 << 60 else {
      return nil
    }
    data = values[0]
    streamDataBidirectionalLocal = values[1]
    streamDataBidirectionalRemote = values[2]
    streamDataUnidirectional = values[3]
    bidirectionalStreams = values[4]
    unidirectionalStreams = values[5]
    activeConnectionIDs = values[6]
    datagramFrameBytes = values[7]
  }
}
