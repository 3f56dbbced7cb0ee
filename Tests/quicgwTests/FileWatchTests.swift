import Foundation
import Testing

@testable import quicgw

@Suite("Watched files")
struct FileWatchTests {
  private func stamp(_ inode: Int) -> FileWatch.Stamp {
    FileWatch.Stamp(target: "/x", inode: inode, byteCount: 1, modified: .distantPast)
  }

  /// What a watch tells at each look.
  private func told(_ paths: [String] = [], _ looks: [[String: FileWatch.Stamp?]]) -> [Bool] {
    var watch = FileWatch(paths)
    return looks.map { watch.change(to: $0) }
  }

  @Test("A change is told once, when it has rested for one look")
  func rested() {
    #expect(told([], Array(repeating: ["a": stamp(1)], count: 3)) == [false, true, false])
  }

  @Test("Two files replaced one after the other are one change")
  func together() {
    let both: [String: FileWatch.Stamp?] = ["a": stamp(1), "b": stamp(2)]
    #expect(told([], [["a": stamp(1), "b": nil], both, both]) == [false, false, true])
  }

  @Test("A file that is as before again is no change")
  func restored() {
    let path = "/nowhere/a"
    #expect(told([path], [[path: stamp(1)], [path: nil], [path: stamp(1)]]) == [false, false, false])
  }

  @Test("Replacing, rewriting, removing and re-pointing a link are seen on real files")
  func realFiles() throws {
    let scratch = try Scratch()
    try scratch.write("one", "1")
    try scratch.write("two", "22")
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: scratch.file("one"))
    var watch = FileWatch([scratch.file("link")])
    func told() -> Bool { watch.lookForChange() || watch.lookForChange() }
    #expect(!told())
    try scratch.write("one", "333")
    #expect(told())
    try FileManager.default.removeItem(atPath: scratch.file("link"))
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: scratch.file("two"))
    #expect(told())
    try FileManager.default.removeItem(atPath: scratch.file("two"))
    #expect(told())
    #expect(!told())
  }

  @Test("Files that are new to the watch are told apart; those it knows keep their state, so an earlier change is not lost")
  func changedBeforeWatched() throws {
    let scratch = try Scratch()
    try scratch.write("one", "1")
    try scratch.write("two", "22")
    let both = [scratch.file("one"), scratch.file("two")]
    var watch = FileWatch([both[0]])
    try scratch.write("one", "333")
    let isNew = watch.watch(both)
    let isNewAgain = watch.watch(both)
    #expect(isNew && !isNewAgain)
    let told = [watch.lookForChange(), watch.lookForChange(), watch.lookForChange()]
    #expect(told == [false, true, false])
    let isOldOne = !watch.watch([both[1]])
    try scratch.write("one", "4444")
    let toldOfUnwatched = watch.lookForChange() || watch.lookForChange()
    #expect(isOldOne && !toldOfUnwatched)
  }
}
