import HTTP2
import HTTPMessage
import NIOCore

/// A client that writes frames by hand, so that it can write what no library would.
struct RawPeer {
  let session = HTTP2Session(role: .server)
  private(set) var requests: [RequestHead] = []
  private(set) var tooLarge: [HTTP2Stream] = []
  private(set) var refusals: [HTTP2Refusal] = []
  private(set) var closed: [Int32: HTTP2ErrorCode] = [:]
  private(set) var bodies: [Int32: String] = [:]
  private(set) var ended: Set<Int32> = []
  private(set) var output = ByteBuffer()

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  init(greets: Bool = true) {
    if greets { send(Self.preface + Self.frame(type: 4, flags: 0, stream: 0, [])) }
  }

  mutating func send(_ bytes: [UInt8]) {
    session.receive(ByteBuffer(bytes: bytes))
    drain()
    while let bytes = session.nextOutput() {
      output.writeImmutableBuffer(bytes)
      drain()
    }
    drain()
  }

  private mutating func drain() {
    while let event = session.nextEvent() {
      switch event {
      case .requestHead(_, let head): requests.append(head)
      case .requestTooLarge(let stream): tooLarge.append(stream)
      case .refused(_, let refusal): refusals.append(refusal)
      case .closed(let stream, let code, _): closed[stream.id] = code
      case .body(let stream, let bytes): bodies[stream.id, default: ""] += String(buffer: bytes)
      case .end(let stream, _): ended.insert(stream.id)
      default: break
      }
    }
  }

  /// Types of the frames that the session has sent, in order.
  var sentFrameTypes: [UInt8] {
    var types: [UInt8] = []
    var rest = output
    while let header = rest.readBytes(length: 9) {
      types.append(header[3])
      rest.moveReaderIndex(forwardBy: Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2]))
    }
    return types
  }

  static func frame(type: UInt8, flags: UInt8, stream: Int32, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    let id = UInt32(stream)
    return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
      + [UInt8(id >> 24), UInt8(id >> 16 & 255), UInt8(id >> 8 & 255), UInt8(id & 255)] + payload
  }

  /// HEADERS, and CONTINUATION frames if the block needs them; literal fields without indexing.
  static func headers(_ fields: [(String, String)], stream: Int32, ends: Bool = true) -> [UInt8] {
    var block: [UInt8] = []
    for (name, value) in fields {
      block.append(0)
      block += integer(name.utf8.count) + Array(name.utf8)
      block += integer(value.utf8.count) + Array(value.utf8)
    }
    var frames: [UInt8] = []
    var rest = block[...]
    var isFirst = true
    repeat {
      let piece = rest.prefix(16_384)
      rest = rest.dropFirst(16_384)
      let flags: UInt8 = (isFirst && ends ? 1 : 0) | (rest.isEmpty ? 4 : 0)
      frames += frame(type: isFirst ? 1 : 9, flags: flags, stream: stream, Array(piece))
      isFirst = false
    } while !rest.isEmpty
    return frames
  }

  static func data(_ text: String, stream: Int32, ends: Bool) -> [UInt8] {
    frame(type: 0, flags: ends ? 1 : 0, stream: stream, Array(text.utf8))
  }

  static func reset(_ stream: Int32, code: UInt8 = 8) -> [UInt8] {
    frame(type: 3, flags: 0, stream: stream, [0, 0, 0, code])
  }

  static let get = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")]

  /// An HPACK integer with a prefix of seven bits (RFC 7541 §5.1).
  private static func integer(_ value: Int) -> [UInt8] {
    guard value >= 127 else { return [UInt8(value)] }
    var bytes: [UInt8] = [127]
    var rest = value - 127
    while rest >= 128 {
      bytes.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
