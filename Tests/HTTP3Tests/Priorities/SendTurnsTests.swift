import HTTPMessage
import QUICTransport
import Testing

@testable import HTTP3

@Suite("The order of turns (RFC 9218 §10)")
struct SendTurnsTests {
  @Test("the most urgent go first, whenever they came")
  func urgencyFirst() {
    let streams = [stream(0, "u=5, i"), stream(4, "u=3, i"), stream(8, "u=0, i"), stream(12, "u=7, i")]
    #expect(turns(4, streams, areDone: true) == [8, 4, 0, 12])
    #expect(turns(4, streams) == [8, 8, 8, 8], "as long as it has something")
  }

  @Test("equals of which nothing is said have a turn each in a round")
  func equalsTakeTurns() {
    let streams = [stream(8, nil), stream(0, nil), stream(4, nil)]
    #expect(turns(6, streams) == [8, 0, 4, 8, 0, 4])
  }

  @Test("what is of use only when it is whole is sent one after the other, the oldest first")
  func wholesInOrder() {
    let streams = [stream(8, "u=3"), stream(0, "u=3"), stream(4, "u=3")]
    #expect(turns(4, streams) == [0, 0, 0, 0])
    #expect(turns(3, streams, areDone: true) == [0, 4, 8])
  }

  @Test("incremental messages and wholes of one urgency do not stop each other")
  func mixed() {
    let streams = [stream(0, "i"), stream(4, "u=3"), stream(8, "i"), stream(12, "u=3")]
    let order = turns(12, streams)
    #expect(order.filter { $0 == 0 }.count == 4 && order.filter { $0 == 8 }.count == 4 && order.filter { $0 == 4 }.count == 4)
  }

  @Test("a stream without credit, shut or closed does not hold up those behind it")
  func passedOver() {
    let streams = [stream(0, "u=0"), stream(4, "u=0"), stream(8, "u=1"), stream(12, nil)]
    streams[0].outgoing.isBlocked = true
    streams[1].outgoing.isShut = true
    streams[2].isClosed = true
    var order = SendTurns()
    for stream in streams { order.park(stream) }
    #expect(order.grant() === streams[3])
    #expect(streams[0].outgoing.turn == .granted, "it goes on when it has credit")
    #expect(order.grant() == nil)
  }

  @Test("small messages have a share while bulk waits, however urgent it is")
  func share() {
    var order = SendTurns()
    order.wroteInteractive(1 << 20)
    #expect(!order.isOverdue)
    order.park(stream(0, "u=7"))
    order.wroteInteractive(32 << 10)
    #expect(!order.isOverdue)
    order.wroteInteractive(32 << 10)
    #expect(order.isOverdue)
    #expect(order.grant() != nil)
    #expect(!order.isOverdue)
  }

  @Test("a turn grows with what is under way, within bounds")
  func quantum() {
    #expect(SendTurns.quantumBytes(underWay: 0) == 16 << 10)
    #expect(SendTurns.quantumBytes(underWay: 512 << 10) == 32 << 10)
    #expect(SendTurns.quantumBytes(underWay: 64 << 20) == 64 << 10)
  }

  @Test("how much of a message goes before bulk depends on what it is")
  func thresholds() {
    let background = SendPriority(Priority(urgency: 4, isIncremental: nil))
    let call = SendPriority(isCall: true)
    #expect(background.bulkThresholdBytes < SendPriority().bulkThresholdBytes)
    #expect(SendPriority().bulkThresholdBytes < call.bulkThresholdBytes)
    #expect(SendPriority().isIncremental && !background.isIncremental)
    let answered = call.merged(with: Priority(urgency: 6, isIncremental: true))
    #expect(answered.urgency == 6 && answered.isIncremental && answered.bulkThresholdBytes == background.bulkThresholdBytes)
  }

  /// Who has so many turns. Each is parked again behind its turn, unless it has nothing more.
  private func turns(_ count: Int, _ streams: [HTTP3Stream], areDone: Bool = false) -> [Int64] {
    var order = SendTurns()
    for stream in streams { order.park(stream) }
    return (0..<count).compactMap { _ in
      guard let stream = order.grant() else { return nil }
      if !areDone { order.park(stream) }
      return stream.libraryID
    }
  }

  private func stream(_ id: Int64, _ said: String?) -> HTTP3Stream {
    let stream = HTTP3Stream(id: StreamID(rawValue: id), libraryID: id, isLocal: true, windowBytes: 1 << 16)
    var fields = FieldSection()
    if let said { fields.append(.priority, said) }
    stream.outgoing.priority = SendPriority(Priority(fields))
    return stream
  }
}
