internal import CGnuTLS
internal import Events
internal import Glibc

extension TLSSession {
  /// Verifies the chain, purpose and name of the peer's certificate and takes the identity from its leaf.
  ///
  /// Runs in a full handshake as GnuTLS's verify function, and again by hand on a resumed session, whose certificate comes out of
  /// the ticket and which GnuTLS does not look at.
  /// - Returns: whether the peer is who it must be; if not, `verdict` says why.
  func verifyPeer() -> Bool {
    guard let leaf = readLeaf() else {
      verdict = PeerVerdict(
        failure: .noCertificate, alert: .certificateRequired, reason: "the peer sent no certificate; give it one and its key")
      return false
    }
    if let failure = verifyChain(leaf) {
      verdict = failure
      return false
    }
    let peer: TLSConfiguration.Role = context.role == .server ? .client : .server
    switch leaf.identity(of: peer, source: context.identitySource) {
    case .success(let identity): peerIdentity = identity
    case .failure(let failure):
      // A server's certificate may have many names: the one that was asked for has just been verified.
      guard peer == .server, leaf.allowsServerAuthentication else {
        verdict = failure
        return false
      }
      peerIdentity = serverName
    }
    if let isRevoked = context.isRevoked, isRevoked(leaf) {
      verdict = PeerVerdict(
        failure: .certificateRejected, alert: .certificateRevoked, reason: "the peer's certificate was revoked")
      peerIdentity = nil
      return false
    }
    peerCertificate = leaf
    return true
  }

  /// Whether the name to verify is an IP address, which is never sent as SNI (RFC 6066 §3).
  var isIPAddress: Bool { ipAddress != nil }

  private var ipAddress: [UInt8]? {
    var v4 = in_addr()
    var v6 = in6_addr()
    if unsafe inet_pton(AF_INET, serverName, &v4) == 1 { return unsafe withUnsafeBytes(of: v4) { unsafe Array($0) } }
    if unsafe inet_pton(AF_INET6, serverName, &v6) == 1 { return unsafe withUnsafeBytes(of: v6) { unsafe Array($0) } }
    return nil
  }

  private func readLeaf() -> CertificateSummary? {
    var count: UInt32 = 0
    guard let chain = unsafe gnutls_certificate_get_peers(session, &count), count > 0 else { return nil }
    return unsafe CertificateSummary(
      UnsafeBufferPointer(start: chain.pointee.data, count: Int(chain.pointee.size)), format: GNUTLS_X509_FMT_DER)
  }

  private func verifyChain(_ leaf: CertificateSummary) -> PeerVerdict? {
    var status: UInt32 = 0
    let result: Int32
    if context.role == .server {
      result = unsafe verify(purpose: GNUTLS_KP_TLS_WWW_CLIENT, name: nil, &status)
    } else if let ipAddress {
      result = unsafe ipAddress.withUnsafeBytes { bytes in
        unsafe verify(purpose: GNUTLS_KP_TLS_WWW_SERVER, name: (GNUTLS_DT_IP_ADDRESS, bytes.baseAddress, bytes.count), &status)
      }
    } else {
      result = unsafe Array(serverName.utf8CString).withUnsafeBytes { bytes in
        unsafe verify(purpose: GNUTLS_KP_TLS_WWW_SERVER, name: (GNUTLS_DT_DNS_HOSTNAME, bytes.baseAddress, 0), &status)
      }
    }
    guard result == 0 else {
      return PeerVerdict(
        failure: .certificateRejected, alert: .badCertificate,
        reason: "the peer's certificate cannot be verified: \(describeGnuTLS(result))")
    }
    return status == 0 ? nil : PeerVerdict(status: status, serverName: serverName)
  }

  private func verify(
    purpose: String, name: (gnutls_vdata_types_t, UnsafeRawPointer?, Int)?, _ status: inout UInt32
  ) -> Int32 {
    var purposeText = Array(purpose.utf8CString)
    return unsafe purposeText.withUnsafeMutableBytes { purposeBytes in
      var data = unsafe [
        gnutls_typed_vdata_st(
          type: GNUTLS_DT_KEY_PURPOSE_OID, data: purposeBytes.baseAddress?.assumingMemoryBound(to: UInt8.self), size: 0)
      ]
      if let name = unsafe name {
        // GnuTLS does not write to what it compares with.
        let bytes = unsafe UnsafeMutableRawPointer(mutating: name.1)?.assumingMemoryBound(to: UInt8.self)
        unsafe data.append(gnutls_typed_vdata_st(type: name.0, data: bytes, size: UInt32(name.2)))
      }
      return unsafe gnutls_certificate_verify_peers(session, &data, UInt32(data.count), &status)
    }
  }
}

extension PeerVerdict {
  /// Reads GnuTLS's verification status, gravest cause first: a foreign CA says more than an expiry.
  init(status: UInt32, serverName: String) {
    func has(_ flag: gnutls_certificate_status_t) -> Bool { status & UInt32(flag.rawValue) != 0 }
    if has(GNUTLS_CERT_SIGNER_NOT_FOUND) || has(GNUTLS_CERT_SIGNER_NOT_CA) || has(GNUTLS_CERT_SIGNATURE_FAILURE) {
      self.init(
        failure: .unknownAuthority, alert: .unknownAuthority,
        reason: "the peer's certificate was not issued by a CA of the CA file; issue it from that CA or add its CA")
    } else if has(GNUTLS_CERT_EXPIRED) {
      self.init(
        failure: .certificateExpired, alert: .certificateExpired, reason: "the peer's certificate has expired; issue a new one")
    } else if has(GNUTLS_CERT_NOT_ACTIVATED) {
      self.init(
        failure: .certificateExpired, alert: .certificateExpired,
        reason: "the peer's certificate is not valid yet; check the clocks of both machines")
    } else if has(GNUTLS_CERT_UNEXPECTED_OWNER) {
      self.init(
        failure: .wrongName, alert: .badCertificate,
        reason: "the server's certificate is not for \(serverName); use a name that it has, or issue one for this name")
    } else if has(GNUTLS_CERT_REVOKED) {
      self.init(failure: .certificateRejected, alert: .certificateRevoked, reason: "the peer's certificate was revoked")
    } else if has(GNUTLS_CERT_PURPOSE_MISMATCH) {
      self.init(
        failure: .certificateRejected, alert: .badCertificate,
        reason: "the peer's certificate is not for this use; issue one with the right extended key usage")
    } else {
      self.init(
        failure: .certificateRejected, alert: .badCertificate,
        reason: "the peer's certificate was refused by GnuTLS (status \(status))")
    }
  }
}
