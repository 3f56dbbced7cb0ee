import NIOCore
@testable import QUICTransport
import Testing

/// Who gets in when many want to.
@Suite struct HandshakeAdmissionTests {
  /// Somebody who opens handshakes and finishes none.
  @Test func oneAddressFillsItsShareAndNoMore() {
    var admission = makeAdmission()
    var begun = 0
    for number in 0..<1000 {
      switch admission.decide(hasProvedAddress: true, from: block("192.0.2.1"), id: id(number), now: time(0), handshake: { number }) {
      case .begin:
        begun += 1
        admission.took(block("192.0.2.1"))
      case .wait, .drop, .retry: break
      }
    }
    #expect(begun == 10)
    #expect(admission.waitingCount == 25)
    #expect(!admission.hasNext)
    #expect(admission.next(now: time(0)) == nil)
    // Others wait one turn, because somebody waits already, and not for its end.
    let other = admission.decide(hasProvedAddress: true, from: block("192.0.2.2"), id: id(1000), now: time(0), handshake: { 1000 })
    #expect(other == .wait)
    #expect(admission.hasNext)
    #expect(admission.next(now: time(0)) == 1000)
    admission.released(block("192.0.2.1"))
    #expect(admission.next(now: time(0)) == 10)
  }

  @Test func whoHasNotProvedItsAddressTakesNoRoom() {
    var admission = makeAdmission()
    for number in 0..<5 {
      #expect(admission.decide(hasProvedAddress: false, from: block("192.0.2.1"), id: id(number), now: time(0), handshake: { number }) == .begin)
      admission.took(block("192.0.2.1"))
    }
    #expect(admission.decide(hasProvedAddress: false, from: block("192.0.2.9"), id: id(9), now: time(0), handshake: { 9 }) == .retry)
    #expect(admission.waitingCount == 0)
  }

  @Test func soManyBeginInATurn() {
    var admission = makeAdmission { $0.handshakesPerTurn = 3 }
    var decisions: [HandshakeAdmission<Int>.Decision] = []
    for number in 0..<5 {
      let address = block("192.0.2.\(number)")
      decisions.append(admission.decide(hasProvedAddress: true, from: address, id: id(number), now: time(0), handshake: { number }))
      if decisions.last == .begin { admission.begun() }
    }
    #expect(decisions == [.begin, .begin, .begin, .wait, .wait])
    #expect(admission.next(now: time(0)) == nil)
    admission.turnEnded()
    #expect(admission.next(now: time(0)) == 3)
  }

  /// IPv4 addresses are told apart on a socket for both families, and IPv6 addresses of one network are not.
  @Test func addressesThatOneClientChoosesFromCountTogether() {
    #expect(block("192.0.2.1") != block("192.0.2.2"))
    #expect(block("::ffff:192.0.2.1") != block("::ffff:192.0.2.2"))
    #expect(block("::ffff:192.0.2.1") == block("192.0.2.1"))
    #expect(block("2001:db8::1") == block("2001:db8::2:3:4:5"))
    #expect(block("2001:db8::1") != block("2001:db8:0:1::1"))
  }

  private func makeAdmission(_ configure: (inout EndpointConfiguration) -> Void = { _ in }) -> HandshakeAdmission<Int> {
    var configuration = EndpointConfiguration(secret: [], stableName: "")
    configuration.handshakeLimit = 40
    configuration.waitingHandshakeLimit = 100
    configuration.retryThreshold = 5
    configuration.handshakesPerTurn = 100
    configure(&configuration)
    return HandshakeAdmission(configuration)
  }

  private func block(_ address: String) -> AddressBlock { AddressBlock(Address(ipAddress: address, port: 1)!) }
  private func id(_ number: Int) -> ConnectionID { withUnsafeBytes(of: UInt64(number)) { ConnectionID($0)! } }
  private func time(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second * 1_000_000_000) }
}
