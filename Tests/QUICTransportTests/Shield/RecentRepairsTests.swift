import NIOCore
import Testing

@testable import QUICTransport

@Suite("what is kept of bulk that was sent again")
struct RecentRepairsTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let stream = StreamID(rawValue: 4)
  private let other = StreamID(rawValue: 8)

  @Test("the packet with the first gap comes first, then those behind it; of packets with the same bytes the last")
  func order() {
    var repairs = RecentRepairs()
    repairs.acknowledged(stream, upTo: 100)
    repairs.sent([1], beginningWith: StreamFrameHeader(stream: stream, offset: 300), at: start)
    repairs.sent([2], beginningWith: StreamFrameHeader(stream: stream, offset: 100), at: start)
    repairs.sent([3], beginningWith: StreamFrameHeader(stream: stream, offset: 50), at: start)
    repairs.sent([4], beginningWith: StreamFrameHeader(stream: stream, offset: 100), at: start + .milliseconds(1))
    #expect(repairs.lost(since: start) == [[4], [1]])
    repairs.acknowledged(stream, upTo: 300)
    #expect(repairs.lost(since: start) == [[1]])
  }

  @Test("what was sent before is not lost, and without the first gap the rest is of no use")
  func gap() {
    var repairs = RecentRepairs()
    repairs.sent([1], beginningWith: StreamFrameHeader(stream: stream, offset: 0), at: start)
    #expect(repairs.lost(since: start).isEmpty, "nobody knows where the gap is")
    repairs.acknowledged(stream, upTo: 0)
    #expect(repairs.lost(since: start) == [[1]])
    repairs.sent([2], beginningWith: StreamFrameHeader(stream: stream, offset: 10), at: start + .milliseconds(2))
    #expect(repairs.lost(since: start + .milliseconds(1)).isEmpty)
    repairs.acknowledged(stream, upTo: 10)
    #expect(repairs.lost(since: start + .milliseconds(1)) == [[2]])
  }

  @Test("streams take turns, and one that is over is forgotten")
  func streams() {
    var repairs = RecentRepairs()
    for (number, stream) in [stream, other].enumerated() {
      repairs.acknowledged(stream, upTo: 0)
      for step in 0..<3 {
        repairs.sent([UInt8(10 * number + step)], beginningWith: StreamFrameHeader(stream: stream, offset: UInt64(step)), at: start)
      }
    }
    let lost = repairs.lost(since: start).map { $0[0] }
    #expect(Set(lost.prefix(2)) == [0, 10] && Set(lost.dropFirst(2).prefix(2)) == [1, 11] && lost.count == 6)
    repairs.closed(other)
    #expect(repairs.lost(since: start) == [[0], [1], [2]])
  }

  @Test("a thousand packets are kept, the last second of a stream")
  func bounds() {
    var repairs = RecentRepairs()
    repairs.acknowledged(stream, upTo: 500)
    for offset in 0..<3000 { repairs.sent([7], beginningWith: StreamFrameHeader(stream: stream, offset: UInt64(offset)), at: start) }
    #expect(repairs.lost(since: start).isEmpty, "the first were given up")
    repairs.acknowledged(stream, upTo: 2500)
    #expect(repairs.lost(since: start).count == 32)
    repairs.sent([8], beginningWith: StreamFrameHeader(stream: other, offset: 0), at: start)
    repairs.acknowledged(other, upTo: 0)
    #expect(!repairs.lost(since: start).contains([8]), "there is no room")
    let later = start + .milliseconds(1500)
    repairs.sent([9], beginningWith: StreamFrameHeader(stream: stream, offset: 2500), at: later)
    #expect(repairs.lost(since: start) == [[9]])
    repairs.sent([8], beginningWith: StreamFrameHeader(stream: other, offset: 0), at: later)
    #expect(repairs.lost(since: start).contains([8]))
  }
}
