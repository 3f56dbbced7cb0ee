@testable import Network
import Testing

@Suite struct EarlyRoomTests {
  @Test func `small requests leave with a first flight until it is half a window`() {
    var room = EarlyRoom()
    var count = 0
    while room.take(256) { count += 1 }
    #expect(count == EarlyRoom.whole / 256)
    #expect(room.take(1) == false)
  }

  @Test func `a large request leaves alone or not at all`() {
    var room = EarlyRoom()
    #expect(room.take(EarlyRoom.whole * 4) == true)
    #expect(room.take(1) == false)
    room = EarlyRoom()
    #expect(room.take(1) == true)
    #expect(room.take(EarlyRoom.whole) == false)
  }
}
