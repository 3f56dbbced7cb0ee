import HTTP3
import HTTP3TestSupport
import HTTPMessage
import NIOCore
import QUICTransport
import Testing

/// One more unidirectional stream in each direction, beside a session that knows nothing of it.
@Suite("A stream of an extension") struct ExtensionStreamTests {
  @Test("bytes arrive in order beside requests, however packets cut them", arguments: [UInt64](0..<20))
  func bothWays(seed: UInt64) throws {
    var options = MemoryLinkOptions()
    options.chunkSeed = seed
    options.packetBytes = 40
    options.acknowledgementDelay = Int(seed % 4)
    let pair = try ExtendedPair(options: options)
    for index in 0..<10 {
      pair.near.send(ByteBuffer(bytes: pattern(index * 300, seed: UInt64(index))))
      pair.far.send(ByteBuffer(bytes: pattern(index * 200, seed: UInt64(100 + index))))
      if index % 3 == 0 { try pair.link.step() }
    }
    let request = try #require(pair.client.submitRequest(.get("/beside")))
    try pair.run()
    #expect(pair.received.far == (0..<10).flatMap { pattern($0 * 300, seed: UInt64($0)) })
    #expect(pair.received.near == (0..<10).flatMap { pattern($0 * 200, seed: UInt64(100 + $0)) })
    #expect(pair.clientLog[request].response?.status == 204)
    #expect(pair.link.client.violations == [] && pair.link.server.violations == [])
    #expect(pair.link.client.closeError == nil && pair.link.server.closeError == nil)
  }

  @Test("more than a stream's window goes on when it is taken")
  func credit() throws {
    var options = MemoryLinkOptions()
    options.streamWindowBytes = 500
    let pair = try ExtendedPair(options: options)
    pair.takes = false
    pair.near.send(ByteBuffer(bytes: pattern(3_000)))
    try pair.run()
    #expect(pair.received.far == [])
    pair.takes = true
    try pair.run()
    #expect(pair.received.far == pattern(3_000))
    #expect(pair.link.client.violations == [])
  }

  @Test("a stream of another type with the same first bytes is the session's")
  func otherTypes() throws {
    let peer = try ExtensionPeer()
    try peer.send([0x00, 0x04, 0x00], isFinal: false)
    let other = try peer.send([0xac, 0x51], isFinal: false)
    try peer.send([0x3d, 0x7b, 1, 2, 3], on: other)
    #expect(peer.closeCode == nil)
    #expect(peer.stream.takeReceived() == nil)
    // nghttp3 has been given the whole type, and reads nothing of a stream that it does not know.
    #expect(peer.wasStopped(other))
    let own = try peer.send([0xac], isFinal: false)
    for byte in [0x51, 0x3d, 0x7a, 9, 8] as [UInt8] { try peer.send([byte], on: own) }
    #expect(peer.stream.takeReceived() == ByteBuffer(bytes: [9, 8]))
    #expect(peer.closeCode == nil)
  }

  @Test("a stream that ends within its type is no error")
  func endsWithinType() throws {
    let peer = try ExtensionPeer()
    try peer.send([0xac, 0x51], isFinal: true)
    #expect(peer.closeCode == nil)
  }

  @Test("a second stream of the type closes the connection")
  func second() throws {
    let peer = try ExtensionPeer()
    try peer.send([0xac, 0x51, 0x3d, 0x7a, 1], isFinal: false)
    try peer.send([0xac, 0x51, 0x3d, 0x7a, 1], isFinal: false)
    #expect(peer.closeCode == .streamCreationError)
  }

  @Test("an end or a reset of the peer's closes the connection", arguments: [false, true])
  func ended(byReset: Bool) throws {
    let peer = try ExtensionPeer()
    let stream = try peer.send([0xac, 0x51, 0x3d, 0x7a, 1], isFinal: false)
    if byReset { try peer.reset(stream) } else { try peer.send([2], on: stream, isFinal: true) }
    #expect(peer.closeCode == .closedCriticalStream)
  }

  @Test("a peer that stops reading is left in peace")
  func stopped() throws {
    let peer = try ExtensionPeer()
    peer.stream.send(ByteBuffer(repeating: 1, count: 100))
    try peer.run()
    try peer.stopReadingOwn()
    peer.stream.send(ByteBuffer(repeating: 1, count: 100))
    try peer.run()
    #expect(peer.closeCode == nil)
    #expect(peer.target.violations == [])
  }
}

extension ExtensionStreamType {
  static let test = ExtensionStreamType(0x2c51_3d7a)
}

/// Two sessions with the extension's streams beside them; the server answers every request.
private final class ExtendedPair {
  let client = HTTP3Session(role: .client)
  private let server = HTTP3Session(role: .server)
  let near: HTTP3ExtensionStream
  let far: HTTP3ExtensionStream
  let link: MemoryLink
  let clientLog = SessionLog()
  private(set) var received: (near: [UInt8], far: [UInt8]) = ([], [])
  var takes = true

  init(options: MemoryLinkOptions) throws {
    var options = options
    options.unidirectionalStreams = 4
    near = HTTP3ExtensionStream(.test, beside: client)
    far = HTTP3ExtensionStream(.test, beside: server)
    link = try MemoryLink(client: near, server: far, options: options)
  }

  func run() throws {
    var quiet = 0
    while quiet < 10 {
      var moved = try link.step()
      while let event = server.nextEvent() {
        moved = true
        if case .request(let stream, _, _) = event { server.submitResponse(ResponseHead(status: 204), on: stream) }
      }
      while let event = client.nextEvent() {
        moved = true
        clientLog.record(event, on: client)
      }
      if takes, let bytes = near.takeReceived() { received.near += bytes.readableBytesView }
      if takes, let bytes = far.takeReceived() { received.far += bytes.readableBytesView }
      quiet = moved ? 0 : quiet + 1
    }
  }
}

/// A peer that sends what a test wants on unidirectional streams, to a server's session with the extension.
private final class ExtensionPeer {
  let stream: HTTP3ExtensionStream
  private let session = HTTP3Session(role: .server)
  private let link: MemoryLink

  init() throws {
    stream = HTTP3ExtensionStream(.test, beside: session)
    link = try MemoryLink(client: SilentApplication(), server: stream)
    link.server.keepsPackets = true
  }

  var target: MemoryTransport { link.server }
  var closeCode: HTTP3ErrorCode? { target.closeError.map { HTTP3ErrorCode(rawValue: $0.code) } }

  @discardableResult
  func send(_ bytes: [UInt8], isFinal: Bool) throws -> StreamID {
    let id = try #require(link.client.openForInjection(isUnidirectional: true))
    try send(bytes, on: id, isFinal: isFinal)
    return id
  }

  func send(_ bytes: [UInt8], on stream: StreamID, isFinal: Bool = false) throws {
    link.client.inject([.stream(stream, bytes, isFinal: isFinal)])
    try run()
  }

  func reset(_ stream: StreamID) throws {
    link.client.inject([.resetStream(stream, HTTP3ErrorCode.internalError.rawValue)])
    try run()
  }

  func stopReadingOwn() throws {
    // The fourth unidirectional stream of a server (RFC 9000 §2.1).
    link.client.inject([.stopSending(StreamID(rawValue: 15), HTTP3ErrorCode.streamCreationError.rawValue)])
    try run()
  }

  func wasStopped(_ stream: StreamID) -> Bool {
    target.sentPackets.joined().contains { if case .stopSending(stream, _) = $0 { true } else { false } }
  }

  func run() throws {
    var quiet = 0
    while quiet < 3 {
      let moved = try link.step()
      while session.nextEvent() != nil {}
      quiet = moved ? 0 : quiet + 1
    }
  }
}
