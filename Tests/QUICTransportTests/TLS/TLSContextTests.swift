import QUICTransport
import TestCertificates
import Testing

@Suite struct TLSContextTests {
  @Test func aGoodPairSaysWhatTheCertificateHolds() throws {
    let authority = try TestAuthority()
    let context = try make(try authority.server("a.test", "b.test"), authority.pem)
    #expect(context.certificate.dnsNames == ["a.test", "b.test"])
    #expect(context.certificate.allowsServerAuthentication)
    #expect(!context.certificate.allowsClientAuthentication)
  }

  @Test func everyFaultHasItsError() throws {
    let authority = try TestAuthority()
    let leaf = try authority.server("a.test")
    let other = try authority.server("b.test")
    #expect(throws: TLSContextError.keyDoesNotMatchCertificate) {
      try make(TestLeaf(certificate: leaf.certificate, key: other.key), authority.pem)
    }
    #expect(throws: TLSContextError.certificateExpired("a.test")) {
      try make(try authority.server("a.test", valid: .past), authority.pem)
    }
    #expect(throws: TLSContextError.certificateNotYetValid("a.test")) {
      try make(try authority.server("a.test", valid: .future), authority.pem)
    }
    #expect(kind { try make(TestLeaf(certificate: Array("nonsense".utf8), key: leaf.key), authority.pem) } == "certificate")
    #expect(kind { try make(TestLeaf(certificate: leaf.certificate, key: Array("nonsense".utf8)), authority.pem) } == "key")
    #expect(kind { try make(leaf, Array("nonsense".utf8)) } == "authorities")
  }

  @discardableResult
  private func make(_ leaf: TestLeaf, _ authorities: [UInt8]) throws -> TLSContext {
    try TLSContext(
      TLSConfiguration(role: .server, certificateChain: leaf.certificate, privateKey: leaf.key, trustedAuthorities: authorities),
      unixTime: Setups.unixTime)
  }

  private func kind(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch TLSContextError.unreadableCertificate {
      return "certificate"
    } catch TLSContextError.unreadableKey {
      return "key"
    } catch TLSContextError.unreadableAuthorities {
      return "authorities"
    } catch {
      return "\(error)"
    }
  }
}
