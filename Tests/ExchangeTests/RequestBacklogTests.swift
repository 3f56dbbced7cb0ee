import NIOCore
import Testing

@testable import Exchange

@Suite struct RequestBacklogTests {
  @Test func `small chunks do not keep the buffers that they came in`() {
    var backlog = RequestBacklog()
    for index in 0..<4096 { backlog.chunks.append(slice(of: 32 * 1024, byteCount: 16, value: UInt8(index % 251))) }
    #expect(backlog.chunks.reduce(0) { $0 + $1.storageCapacity } < 4 * 4096 * 16, "64 KiB of content")
    var all = ByteBuffer()
    for chunk in backlog.chunks { all.writeImmutableBuffer(chunk) }
    #expect(all.readableBytesView.elementsEqual((0..<4096).flatMap { Array(repeating: UInt8($0 % 251), count: 16) }))
  }

  @Test func `content keeps its order, whatever comes small and whatever large`() {
    var backlog = RequestBacklog()
    var expected: [UInt8] = []
    for (index, byteCount) in [1, 3000, 2, 2, 4000, 1, 5, 0, 4096, 7].enumerated() {
      backlog.chunks.append(slice(of: 4096, byteCount: byteCount, value: UInt8(index)))
      expected += Array(repeating: UInt8(index), count: byteCount)
    }
    let copy = backlog
    backlog.chunks.append(slice(of: 4096, byteCount: 1, value: 99))
    #expect(copy.chunks.flatMap { Array($0.readableBytesView) } == expected)
    #expect(backlog.chunks.flatMap { Array($0.readableBytesView) } == expected + [99])
  }

  private func slice(of capacity: Int, byteCount: Int, value: UInt8) -> ByteBuffer {
    var buffer = ByteBuffer(repeating: value, count: byteCount)
    buffer.reserveCapacity(capacity)
    return buffer
  }
}
