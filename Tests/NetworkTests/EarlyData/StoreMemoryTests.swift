@testable import Network
import QUICTransport
import Testing

@Suite struct `What a shared store remembers` {
  private let life = Int64(TicketLifetime.replayableSeconds)

  @Test func `is complete where nobody knows better`() {
    var memory = StoreMemory(recordBeganAt: nil)
    #expect(memory.found(since: 1000) == true)
    #expect(memory.found(since: 1000) == true)
    #expect(memory.isComplete(unixTime: 1000))
  }

  @Test func `is incomplete once it has begun anew, until no copy from before can be taken`() {
    var memory = StoreMemory(recordBeganAt: nil)
    #expect(memory.found(since: 1000) == true)
    #expect(memory.found(since: 5000) == false)
    #expect(memory.found(since: 5000) == true)
    #expect(!memory.isComplete(unixTime: 5000 + life))
    #expect(memory.isComplete(unixTime: 5001 + life))
  }

  @Test func `is incomplete when it is younger than the core's own record`() {
    var memory = StoreMemory(recordBeganAt: 1000)
    #expect(memory.found(since: 5000) == false)
    #expect(!memory.isComplete(unixTime: 5000))
  }

  @Test func `begins a moment after the first core's record`() {
    var memory = StoreMemory(recordBeganAt: 1000)
    #expect(memory.found(since: 1003) == true)
    #expect(memory.isComplete(unixTime: 1003))
  }
}
