import Testing

@testable import quicgw_link

@Suite struct CutTests {
  @Test func aBlackOutEndsByItself() {
    var cut = Cut()
    #expect(!cut.isDown(at: 0))
    cut.blackOut(100, at: 50)
    #expect(cut.isDown(at: 50) && cut.isDown(at: 149) && !cut.isDown(at: 150))
  }

  @Test func theLaterEndOfTwoBlackOutsCounts() {
    var cut = Cut()
    cut.blackOut(100, at: 0)
    cut.blackOut(10, at: 20)
    #expect(cut.isDown(at: 99) && !cut.isDown(at: 100))
  }

  @Test func aCutOutlivesABlackOutAndAMendingEndsBoth() {
    var cut = Cut()
    cut.blackOut(10, at: 0)
    cut.down()
    #expect(cut.isDown(at: 1_000))
    cut.blackOut(1_000, at: 1_000)
    cut.up()
    #expect(!cut.isDown(at: 1_001))
  }
}
