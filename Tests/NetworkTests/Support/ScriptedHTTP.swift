import NIOCore

extension ScriptedOrigin {
  /// An HTTP/1.1 origin that answers every request, without content, with 200 and keeps the connection.
  static let okay = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

  /// An HTTP/2 origin, frames by hand.
  ///
  /// - Parameters:
  ///   - settingsAfter: when it sends its SETTINGS; nil for never.
  ///   - maximumStreams: SETTINGS_MAX_CONCURRENT_STREAMS.
  ///   - answersPing: whether there is life in it.
  ///   - request: called with the stream of each request.
  static func http2(
    settingsAfter: TimeAmount? = .zero, maximumStreams: UInt8 = 100, answersPing: Bool = false,
    request: @escaping @Sendable (Peer, UInt8) -> Void
  ) async throws -> ScriptedOrigin {
    try await start { peer, bytes in
      guard var bytes else {
        if let settingsAfter { peer.send(frame(4, 0, 0, [0, 3, 0, 0, 0, maximumStreams]), after: settingsAfter) }
        return
      }
      peer.input.writeBuffer(&bytes)
      if !peer.hasPreface {
        guard peer.input.readSlice(length: 24) != nil else { return }
        peer.hasPreface = true
      }
      while let header = peer.input.getBytes(at: peer.input.readerIndex, length: 9) {
        let length = Int(header[1]) << 8 | Int(header[2])
        guard peer.input.readableBytes >= 9 + length else { break }
        peer.input.moveReaderIndex(forwardBy: 9)
        let payload = peer.input.readBytes(length: length) ?? []
        if header[3] == 1 { request(peer, header[8]) }
        if header[3] == 6, header[4] == 0, answersPing { peer.send(frame(6, 1, 0, payload)) }
      }
    }
  }

  /// An HTTP/2 answer without content: `:status: 200` with END_STREAM.
  static func okay(_ stream: UInt8) -> [UInt8] { frame(1, 5, stream, [0x88]) }

  private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
  }
}
