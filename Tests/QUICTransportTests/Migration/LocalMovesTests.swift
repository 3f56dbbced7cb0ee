import NIOCore
import Testing

@testable import QUICTransport

/// When a client's connection goes to another local address.
@Suite struct LocalMovesTests {
  private let first = Address(ipAddress: "192.0.2.1", port: 1)!
  private let second = Address(ipAddress: "192.0.2.2", port: 1)!
  private let third = Address(ipAddress: "192.0.2.3", port: 1)!
  private var moves = LocalMoves()

  private func at(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

  @Test mutating func nothingIsWantedAtFirst() {
    #expect(moves.next(from: first, now: at(1)) == nil)
    #expect(moves.deadline == nil)
  }

  @Test mutating func aChangeIsMadeAtOnce() {
    moves.changed(to: second, formerIsGone: false)
    #expect(moves.next(from: first, now: at(1)) == .init(address: second, isImmediate: false))
    moves.began(until: at(100))
    #expect(moves.next(from: first, now: at(1)) == nil)
    #expect(moves.deadline == nil)
  }

  @Test mutating func ofChangesDuringAValidationTheNewestIsMadeAfterIt() {
    moves.changed(to: second, formerIsGone: false)
    moves.began(until: at(100))
    moves.changed(to: first, formerIsGone: false)
    moves.changed(to: third, formerIsGone: false)
    #expect(moves.next(from: first, now: at(50)) == nil)
    #expect(moves.deadline == at(100))
    moves.ended(restingUntil: at(80))
    #expect(moves.next(from: second, now: at(79)) == nil)
    #expect(moves.deadline == at(80))
    #expect(moves.next(from: second, now: at(80)) == .init(address: third, isImmediate: false))
  }

  /// Data is still at the first address while the second is validated: that it is there is no reason to stay.
  @Test mutating func aChangeBackIsMadeWhenTheValidationHasSucceeded() {
    moves.changed(to: second, formerIsGone: false)
    moves.began(until: at(100))
    moves.changed(to: first, formerIsGone: false)
    #expect(moves.next(from: first, now: at(50)) == nil)
    moves.ended(restingUntil: at(60))
    #expect(moves.next(from: second, now: at(60)) == .init(address: first, isImmediate: false))
  }

  @Test mutating func aChangeBackIsForgottenWhenTheValidationHasFailed() {
    moves.changed(to: second, formerIsGone: false)
    moves.began(until: at(100))
    moves.changed(to: first, formerIsGone: false)
    moves.ended(restingUntil: at(60))
    #expect(moves.next(from: first, now: at(60)) == nil)
    #expect(moves.deadline == nil)
  }

  @Test mutating func nothingIsWaitedForWhenTheFormerAddressIsGone() {
    moves.changed(to: second, formerIsGone: true)
    #expect(moves.next(from: first, now: at(1)) == .init(address: second, isImmediate: true))
    moves.began(until: at(100))
    moves.changed(to: third, formerIsGone: true)
    #expect(moves.next(from: second, now: at(2)) == .init(address: third, isImmediate: true))
    moves.ended(restingUntil: at(200))
    #expect(moves.next(from: second, now: at(2)) == .init(address: third, isImmediate: true))
  }

  @Test mutating func aMoveThatCouldNotBeMadeIsTriedAgain() {
    moves.changed(to: second, formerIsGone: true)
    moves.refused(until: at(10))
    #expect(moves.next(from: first, now: at(9)) == nil)
    #expect(moves.deadline == at(10))
    #expect(moves.next(from: first, now: at(10)) == .init(address: second, isImmediate: true))
  }

  @Test mutating func aValidationThatWasNeverEndedBlocksNothingForEver() {
    moves.changed(to: second, formerIsGone: false)
    moves.began(until: at(100))
    moves.changed(to: third, formerIsGone: false)
    #expect(moves.next(from: first, now: at(100)) == .init(address: third, isImmediate: false))
  }
}
