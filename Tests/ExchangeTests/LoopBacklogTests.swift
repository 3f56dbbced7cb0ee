import Exchange
import Testing

@Suite struct LoopBacklogTests {
  @Test func `many small holders are large together, and small again only well below that`() {
    var backlog = LoopBacklog()
    for _ in 0..<64 { backlog.changed(by: 64 * 1024) }
    #expect(!backlog.isLarge, "4 MiB in all is what one busy link may hold")
    backlog.changed(by: 1)
    #expect(backlog.isLarge)
    backlog.changed(by: -1024 * 1024)
    #expect(backlog.isLarge, "no switching to and fro at the border")
    backlog.changed(by: -1024 * 1024 - 2)
    #expect(!backlog.isLarge)
  }
}
