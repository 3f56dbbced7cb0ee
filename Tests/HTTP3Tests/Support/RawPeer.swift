import HTTP3
import HTTP3TestSupport
import HTTPMessage
import QUICTransport
import Testing

/// A peer that sends whatever bytes a test wants, to one session.
final class RawPeer {
  let session: HTTP3Session
  let link: MemoryLink
  let log = SessionLog()
  private let application = SilentApplication()
  private var unidirectionalStreams: [UInt8: StreamID] = [:]

  /// - Parameter role: of the session under test.
  init(against role: HTTP3Role, configuration: HTTP3Configuration = HTTP3Configuration()) throws {
    session = HTTP3Session(role: role, configuration: configuration)
    link =
      role == .server
      ? try MemoryLink(client: application, server: session) : try MemoryLink(client: session, server: application)
    transport = role == .server ? link.client : link.server
    target = role == .server ? link.server : link.client
    transport.keepsPackets = true
    target.keepsPackets = true
  }

  let transport: MemoryTransport
  let target: MemoryTransport

  /// Opens the control stream with empty SETTINGS, as every peer must.
  func sendSettings() throws {
    try send(unidirectional: 0x00, [0x04, 0x00])
  }

  func send(unidirectional type: UInt8, _ bytes: [UInt8], isFinal: Bool = false) throws {
    let known = unidirectionalStreams[type]
    let id = try #require(known ?? transport.openForInjection(isUnidirectional: true))
    unidirectionalStreams[type] = id
    transport.inject([.stream(id, (known == nil ? [type] : []) + bytes, isFinal: isFinal)])
    try run()
  }

  @discardableResult
  func send(request bytes: [UInt8], isFinal: Bool = true) throws -> StreamID {
    let id = try #require(transport.openForInjection(isUnidirectional: false))
    try send(bytes, on: id, isFinal: isFinal)
    return id
  }

  func send(_ bytes: [UInt8], on stream: StreamID, isFinal: Bool = false) throws {
    transport.inject([.stream(stream, bytes, isFinal: isFinal)])
    try run()
  }

  func run() throws {
    var quiet = 0
    while quiet < 3 {
      let moved = try link.step()
      var told = false
      while let event = session.nextEvent() {
        told = true
        log.record(event, on: session)
      }
      quiet = moved || told ? 0 : quiet + 1
    }
  }

  /// The code that the session closed the connection with.
  var closeCode: HTTP3ErrorCode? { target.closeError.map { HTTP3ErrorCode(rawValue: $0.code) } }

  /// The codes that the session reset a stream with.
  func resetCode(_ stream: StreamID) -> HTTP3ErrorCode? {
    for case .resetStream(stream, let code) in target.sentPackets.joined() { return HTTP3ErrorCode(rawValue: code) }
    return nil
  }

  func stopCode(_ stream: StreamID) -> HTTP3ErrorCode? {
    for case .stopSending(stream, let code) in target.sentPackets.joined() { return HTTP3ErrorCode(rawValue: code) }
    return nil
  }

  /// The session still serves: a plain request is understood.
  func expectAlive(sourceLocation: SourceLocation = #_sourceLocation) throws {
    guard session.role == .server else { return }
    let stream = try send(request: RawFrames.headers(RawFrames.plainRequest))
    #expect(log.messages[stream]?.isComplete == true, sourceLocation: sourceLocation)
    #expect(closeCode == nil, sourceLocation: sourceLocation)
  }
}

/// Frames by hand; fields as literals without Huffman coding (RFC 9204 §4.5.6).
enum RawFrames {
  static let plainRequest: [(String, String)] = [
    (":method", "GET"), (":scheme", "https"), (":authority", "service"), (":path", "/"),
  ]
  static let plainResponse: [(String, String)] = [(":status", "200")]

  static func frame(_ type: UInt64, _ payload: [UInt8]) -> [UInt8] {
    varint(type) + varint(UInt64(payload.count)) + payload
  }

  static func headers(_ fields: [(String, String)]) -> [UInt8] {
    frame(0x01, section(fields.map { (Array($0.0.utf8), Array($0.1.utf8)) }))
  }

  static func data(_ text: String) -> [UInt8] { frame(0x00, Array(text.utf8)) }

  static func section(_ fields: [([UInt8], [UInt8])]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0]
    for (name, value) in fields {
      bytes += prefixed(name.count, bits: 3, flags: 0x20)
      bytes += name
      bytes += prefixed(value.count, bits: 7, flags: 0)
      bytes += value
    }
    return bytes
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    switch value {
    case 0..<64: [UInt8(value)]
    case 64..<16384: [0x40 | UInt8(value >> 8), UInt8(value & 0xff)]
    default: (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt64(24 - 8 * $0)) | ($0 == 0 ? 0x80 : 0) }
    }
  }

  private static func prefixed(_ value: Int, bits: Int, flags: UInt8) -> [UInt8] {
    let limit = (1 << bits) - 1
    guard value >= limit else { return [flags | UInt8(value)] }
    var bytes = [flags | UInt8(limit)]
    var rest = value - limit
    while rest >= 128 {
      bytes.append(UInt8(rest % 128 + 128))
      rest /= 128
    }
    return bytes + [UInt8(rest)]
  }
}

final class SilentApplication: StreamApplication {
  func start(on transport: any StreamTransport) throws(ApplicationError) {}
  func earlyDataDecided(isAccepted: Bool, on transport: any StreamTransport) throws(ApplicationError) {}
  func receive(_ bytes: UnsafeRawBufferPointer, on stream: StreamID, isFinal: Bool, isEarly: Bool) throws(ApplicationError) {}
  func acknowledged(_ byteCount: Int, on stream: StreamID) {}
  func peerReset(_ stream: StreamID, code: UInt64) throws(ApplicationError) {}
  func peerStoppedReading(_ stream: StreamID, code: UInt64) throws(ApplicationError) {}
  func closed(_ stream: StreamID, code: UInt64?) throws(ApplicationError) {}
  func peerExtendedStreamLimit(bidirectionalMaximum: UInt64) {}
  func unblocked(_ stream: StreamID) {}
  func nextWrite(into vectors: UnsafeMutableBufferPointer<StreamBytes>) throws(ApplicationError) -> StreamWrite? { nil }
  func wrote(_ byteCount: Int, on stream: StreamID) throws(ApplicationError) {}
  func writeBlocked(_ stream: StreamID) {}
  func writeShut(_ stream: StreamID) {}
}
