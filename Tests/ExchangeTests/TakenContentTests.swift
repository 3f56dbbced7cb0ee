import Exchange
import Testing

@Suite struct TakenContentTests {
  @Test func `a byte that several take one after another is told once`() {
    var taken = TakenContent()
    #expect(taken.took(100) == 100)
    taken.changedCarrier()
    #expect(taken.took(60) == 0)
    #expect(taken.took(60) == 20)
  }

  @Test func `of those that carry it side by side the one that is ahead is told`() {
    var taken = TakenContent()
    #expect(taken.news(of: 50) == 50)
    #expect(taken.news(of: 30) == 0)
    taken.changedCarrier(taken: 30)
    #expect(taken.took(30) == 10)
  }
}
