internal import CGnuTLS

extension CertificateSummary {
  /// Reads a certificate; nil when it is not one.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, format: gnutls_x509_crt_fmt_t) {
    var certificate: OpaquePointer?
    guard unsafe gnutls_x509_crt_init(&certificate) == 0 else { return nil }
    defer { unsafe gnutls_x509_crt_deinit(certificate) }
    var data = unsafe gnutls_datum_t(bytes)
    guard unsafe gnutls_x509_crt_import(certificate, &data, format) == 0 else { return nil }

    unsafe readNames(certificate)
    unsafe readKeyPurposes(certificate)
    unsafe readSerialNumber(certificate)
    notBefore = unsafe Int64(gnutls_x509_crt_get_activation_time(certificate))
    expiry = unsafe Int64(gnutls_x509_crt_get_expiration_time(certificate))
  }

  private mutating func readNames(_ certificate: OpaquePointer?) {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: CertificateSummary.maximumNameBytes) { buffer in
      for index in 0..<CertificateSummary.maximumNames {
        var size = buffer.count
        var kind: UInt32 = 0
        let result = unsafe gnutls_x509_crt_get_subject_alt_name2(certificate, index, buffer.baseAddress, &size, &kind, nil)
        if result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE { return }
        // A name too long or in a form that is not text still counts, or a second name could be hidden behind it.
        let bytes = unsafe UnsafeBufferPointer(rebasing: buffer[..<(result >= 0 ? min(size, buffer.count) : 0)])
        var name = unsafe String(decoding: bytes, as: UTF8.self)
        if !name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) { name = "" }
        switch gnutls_x509_subject_alt_name_t(kind) {
        case GNUTLS_SAN_DNSNAME: dnsNames.append(name)
        case GNUTLS_SAN_URI: uris.append(name)
        default: break
        }
      }
    }
  }

  private mutating func readKeyPurposes(_ certificate: OpaquePointer?) {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      for index in 0..<CertificateSummary.maximumNames {
        var size = buffer.count
        let result = unsafe gnutls_x509_crt_get_key_purpose_oid(certificate, index, buffer.baseAddress, &size, nil)
        guard result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE else { return }
        guard result == 0, let text = buffer.baseAddress else { continue }
        switch unsafe String(cString: text) {
        case GNUTLS_KP_TLS_WWW_CLIENT: allowsClientAuthentication = true
        case GNUTLS_KP_TLS_WWW_SERVER: allowsServerAuthentication = true
        default: break
        }
      }
    }
  }

  private mutating func readSerialNumber(_ certificate: OpaquePointer?) {
    serialNumber = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: CertificateSummary.maximumSerialBytes) { buffer in
      var size = buffer.count
      guard unsafe gnutls_x509_crt_get_serial(certificate, buffer.baseAddress, &size) == 0 else { return [] }
      return unsafe Array(buffer.prefix(size))
    }
  }

  /// RFC 5280 allows 20.
  private static let maximumSerialBytes = 64
  private static let maximumNames: UInt32 = 64
  private static let maximumNameBytes = 512
}

extension gnutls_datum_t {
  /// Borrows the bytes; GnuTLS does not write to what it takes as input.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe self.init(data: UnsafeMutablePointer(mutating: bytes.baseAddress), size: UInt32(clamping: bytes.count))
  }
}
