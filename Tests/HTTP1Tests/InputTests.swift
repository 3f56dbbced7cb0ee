import NIOCore
import Testing

@testable import HTTP1

/// What was received and is not read yet.
@Suite struct InputTests {
  @Test func whatWasReadIsGivenBackThoughAResidueStays() {
    var input = ByteBuffer()
    var largest = 0
    for round in 0..<1000 {
      input.appendInput(ByteBuffer(repeating: UInt8(round & 0xff), count: 32 * 1024))
      input.moveReaderIndex(forwardBy: input.readableBytes - 3)
      largest = max(largest, input.storageCapacity)
    }
    #expect(largest <= 256 * 1024)
  }

  @Test func theSameWhileItsContentIsStillHeld() {
    var input = ByteBuffer()
    var held: ByteBuffer?
    var largest = 0
    for _ in 0..<1000 {
      input.appendInput(ByteBuffer(repeating: 7, count: 32 * 1024))
      held = input.readSlice(length: input.readableBytes - 3)
      largest = max(largest, input.storageCapacity)
    }
    #expect(largest <= 256 * 1024)
    #expect(held?.readableBytes == 32 * 1024)
  }

  @Test func aChunkedMessageCutInsideItsSizeLinesReadsTheSame() throws {
    var parser = HTTP1RequestParser(isSecure: false)
    parser.receive(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1"))
    var byteCount = 0
    var isEnded = false
    func take() throws {
      while let part = try parser.next() {
        if case .body(let bytes) = part { byteCount += bytes.readableBytes }
        if case .end = part { isEnded = true }
      }
    }
    for _ in 0..<500 {
      parser.receive(ByteBuffer(string: "000\r\n" + String(repeating: "x", count: 4096) + "\r\n1"))
      try take()
    }
    parser.receive(ByteBuffer(string: "\r\nx\r\n0\r\n\r\n"))
    try take()
    #expect(byteCount == 500 * 4096 + 1)
    #expect(isEnded)
  }
}
