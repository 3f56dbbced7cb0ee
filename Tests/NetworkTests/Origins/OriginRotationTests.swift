import Gateway
import Testing

@testable import Network

@Suite struct OriginRotationTests {
  @Test func turnsFollowWeights() {
    var rotation = OriginRotation([OriginShare(weight: 5), OriginShare(weight: 1), OriginShare(weight: 1)], count: 3)
    #expect((0..<7).map { _ in rotation.next { _ in true } } == [0, 0, 1, 0, 2, 0, 0])
    var counts = [0, 0, 0]
    for _ in 0..<700 { counts[rotation.next { _ in true }] += 1 }
    #expect(counts == [500, 100, 100])
    var alike = OriginRotation([], count: 3)
    #expect((0..<6).map { _ in alike.next { _ in true } } == [0, 1, 2, 0, 1, 2])
  }

  @Test func backupsServeWhenNobodyElseCan() {
    var rotation = OriginRotation([OriginShare(), OriginShare(), OriginShare(isBackup: true)], count: 3)
    for _ in 0..<10 { #expect(rotation.next { _ in true } != 2) }
    for _ in 0..<10 { #expect(rotation.next { $0 != 0 } == 1) }
    for _ in 0..<10 { #expect(rotation.next { $0 == 2 } == 2) }
    #expect(Set((0..<10).map { _ in rotation.next { _ in false } }) == [0, 1], "when all are out the usual ones are tried")
  }

  @Test func whoHasFailedARequestIsNotAskedAgainByIt() {
    var rotation = OriginRotation([OriginShare(weight: 9), OriginShare(), OriginShare(isBackup: true)], count: 3)
    for _ in 0..<10 { #expect(rotation.next(where: { _ in true }, unless: { $0 == 0 }) == 1) }
    for _ in 0..<10 { #expect(rotation.next(where: { _ in true }, unless: { $0 != 2 }) == 2, "a backup is better than one that failed") }
    for _ in 0..<10 { #expect(rotation.next(where: { $0 == 0 }, unless: { $0 == 0 }) == 1, "one that is out is better than one that failed") }
    #expect(Set((0..<20).map { _ in rotation.next(where: { _ in true }, unless: { _ in true }) }) == [0, 1])
  }
}
