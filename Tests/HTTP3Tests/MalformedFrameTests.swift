import HTTP3
import HTTP3TestSupport
import HTTPMessage
import LinkEmulator
import QUICTransport
import Testing

@Suite("Malformed frames close the connection with the code that says why")
struct MalformedFrameTests {
  @Test("frames where they may not stand")
  func unexpectedFrames() throws {
    let head = RawFrames.headers(RawFrames.plainRequest)
    let cases: [(String, [UInt8], HTTP3ErrorCode)] = [
      ("DATA before HEADERS", RawFrames.data("x"), .frameUnexpected),
      ("SETTINGS on a request stream", head + RawFrames.frame(0x04, []), .frameUnexpected),
      ("GOAWAY on a request stream", head + RawFrames.frame(0x07, [0]), .frameUnexpected),
      ("PUSH_PROMISE from a client", head + RawFrames.frame(0x05, [0, 0, 0]), .frameUnexpected),
      ("HTTP/2 PING", head + RawFrames.frame(0x06, [0]), .frameUnexpected),
      ("HEADERS behind trailers", head + RawFrames.headers([("a", "b")]) + RawFrames.headers([("a", "b")]), .frameUnexpected),
      ("a frame cut short by the end", head + [0x00, 0x05, 0x61], .frameError),
      ("a length cut short by the end", head + [0x00, 0x40], .frameError),
      ("a section that is no QPACK", RawFrames.frame(0x01, [0xff, 0xff, 0xff, 0xff]), .qpackDecompressionFailed),
      ("a reference to an empty dynamic table", RawFrames.frame(0x01, [0x02, 0x00, 0x80]), .qpackDecompressionFailed),
      ("a static index out of range", RawFrames.frame(0x01, [0x00, 0x00, 0xff, 0xff, 0x01]), .qpackDecompressionFailed),
    ]
    for (name, bytes, code) in cases {
      let peer = try RawPeer(against: .server)
      try peer.sendSettings()
      try peer.send(request: bytes)
      #expect(peer.closeCode == code, "\(name)")
    }
  }

  @Test("control streams that break the rules")
  func controlStreams() throws {
    let cases: [(String, UInt8, [UInt8], Bool, HTTP3ErrorCode)] = [
      ("no SETTINGS first", 0x00, RawFrames.frame(0x07, [0]), false, .missingSettings),
      ("SETTINGS twice", 0x00, [0x04, 0x00, 0x04, 0x00], false, .frameUnexpected),
      ("DATA on the control stream", 0x00, [0x04, 0x00] + RawFrames.data("x"), false, .frameUnexpected),
      ("an HTTP/2 setting", 0x00, [0x04, 0x02, 0x04, 0x01], false, .settingsError),
      ("SETTINGS of half a pair", 0x00, [0x04, 0x01, 0x06], false, .frameError),
      ("the control stream ends", 0x00, [0x04, 0x00], true, .closedCriticalStream),
      ("the encoder stream ends", 0x02, [0x3f], true, .closedCriticalStream),
      ("the decoder stream ends", 0x03, [0x80], true, .closedCriticalStream),
      ("a push stream from a client", 0x01, [0x00], false, .streamCreationError),
      ("a table larger than allowed", 0x02, [0x3f, 0xff, 0xff, 0x7f], false, .qpackEncoderStreamError),
      ("an acknowledgement of nothing", 0x03, [0x84], false, .qpackDecoderStreamError),
      ("an increment of zero", 0x03, [0x00], false, .qpackDecoderStreamError),
    ]
    for (name, type, bytes, isFinal, code) in cases {
      let peer = try RawPeer(against: .server)
      try peer.send(unidirectional: type, bytes, isFinal: isFinal)
      #expect(peer.closeCode == code, "\(name)")
    }
  }

  @Test("a server that opens a request stream")
  func requestStreamFromServer() throws {
    let peer = try RawPeer(against: .client)
    try peer.sendSettings()
    try peer.send(request: RawFrames.headers(RawFrames.plainRequest))
    #expect(peer.closeCode == .streamCreationError)
  }

  @Test("the same stream type twice")
  func secondControlStream() throws {
    for type: UInt8 in [0x00, 0x02, 0x03] {
      let peer = try RawPeer(against: .server)
      for _ in 0..<2 {
        let id = try #require(peer.transport.openForInjection(isUnidirectional: true))
        try peer.send([type] + (type == 0 ? [0x04, 0x00] : []), on: id)
      }
      #expect(peer.closeCode == .streamCreationError)
    }
  }

  @Test("critical streams that are reset or not read", arguments: [0x00, 0x02, 0x03] as [UInt8])
  func criticalStreamReset(type: UInt8) throws {
    let peer = try RawPeer(against: .server)
    let id = try #require(peer.transport.openForInjection(isUnidirectional: true))
    try peer.send([type] + (type == 0 ? [0x04, 0x00] : []), on: id)
    peer.transport.inject([.resetStream(id, 0x100)])
    try peer.run()
    #expect(peer.closeCode == .closedCriticalStream)

    let other = try RawPeer(against: .server)
    try other.sendSettings()
    other.transport.inject([.stopSending(StreamID(rawValue: 3), 0x100)])
    try other.run()
    #expect(other.closeCode == .closedCriticalStream)
  }

  @Test("streams of unknown type are not read, and may be closed before their type is complete")
  func unknownStreams() throws {
    let peer = try RawPeer(against: .server)
    try peer.sendSettings()
    let unknown = try #require(peer.transport.openForInjection(isUnidirectional: true))
    try peer.send(RawFrames.varint(0x21) + [1, 2, 3], on: unknown)
    #expect(peer.stopCode(unknown) == .streamCreationError)
    let incomplete = try #require(peer.transport.openForInjection(isUnidirectional: true))
    try peer.send([0x40], on: incomplete)
    peer.transport.inject([.resetStream(incomplete, 0)])
    try peer.run()
    try peer.expectAlive()
  }

  @Test("frames and settings of unknown type are ignored")
  func unknownFrames() throws {
    let peer = try RawPeer(against: .server)
    try peer.send(unidirectional: 0x00, RawFrames.frame(0x04, [0x21, 0x05]) + RawFrames.frame(0x2f, [1, 2, 3]))
    let grease = RawFrames.frame(0x21, [9, 9, 9])
    let stream = try peer.send(
      request: grease + RawFrames.headers(RawFrames.plainRequest) + grease + RawFrames.data("abc") + grease)
    #expect(peer.log.messages[stream]?.body == Array("abc".utf8))
    #expect(peer.log.messages[stream]?.isComplete == true)
    try peer.expectAlive()
  }

  @Test("random bytes and random damage: never a trap, always a defined result", arguments: 0..<16 as Range<UInt64>)
  func fuzz(seed: UInt64) throws {
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<400 {
      let isServer = Bool.random(using: &generator)
      let peer = try RawPeer(against: isServer ? .server : .client)
      if Bool.random(using: &generator) { try peer.sendSettings() }
      var streams: [StreamID] = []
      if !isServer {
        for _ in 0..<4 { if let stream = peer.session.submitRequest(.get()) { streams.append(stream.id) } }
        try peer.run()
      }
      for _ in 0..<Int.random(in: 1...8, using: &generator) where peer.closeCode == nil {
        let bytes = damaged(isServer: isServer, &generator)
        let isFinal = Int.random(in: 0..<3, using: &generator) == 0
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
          try? peer.send(unidirectional: UInt8.random(in: 0...4, using: &generator), bytes, isFinal: isFinal)
        case 1 where !streams.isEmpty:
          let code = UInt64.random(in: 0...0x210, using: &generator)
          peer.transport.inject([.resetStream(streams.randomElement(using: &generator)!, code)])
          try peer.run()
        case 2 where !streams.isEmpty:
          peer.transport.inject([.stopSending(streams.randomElement(using: &generator)!, 0x10c)])
          try peer.run()
        case 3 where !streams.isEmpty:
          try peer.send(bytes, on: streams.randomElement(using: &generator)!, isFinal: isFinal)
        default:
          guard isServer, let id = peer.transport.openForInjection(isUnidirectional: false) else { continue }
          streams.append(id)
          try peer.send(bytes, on: id, isFinal: isFinal)
        }
      }
      #expect(peer.target.violations == [], "seed \(seed)")
      if peer.closeCode == nil { try peer.run() }
      let held = peer.log.messages.values.reduce(0) { $0 + $1.unconsumed }
      #expect(held == 0)
    }
  }

  private func damaged(isServer: Bool, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes += RawFrames.headers(isServer ? RawFrames.plainRequest : RawFrames.plainResponse)
      case 1: bytes += RawFrames.data("some content")
      case 2: bytes += RawFrames.headers([("x-trailer", "1")])
      case 3: bytes += RawFrames.frame(UInt64.random(in: 0...0x50, using: &generator), pattern(7, seed: generator.next()))
      case 4: bytes += RawFrames.headers(MalformedMessageTests.badHeads.randomElement(using: &generator)!.1)
      default: bytes += pattern(Int.random(in: 1...60, using: &generator), seed: generator.next())
      }
    }
    for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
      let index = bytes.indices.randomElement(using: &generator)!
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
      }
    }
    return bytes
  }
}
