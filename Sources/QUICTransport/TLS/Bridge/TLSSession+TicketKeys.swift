internal import CGnuTLS

extension TLSSession {
  /// Looks at a ClientHello before GnuTLS does.
  func inspect(_ clientHello: UnsafeBufferPointer<UInt8>) {
    let hello = unsafe ClientHello(Array(clientHello), ticketPrefixBytes: TLSSession.ticketNameBytes)
    clientOffersEarlyData = hello.offersEarlyData && context.antiReplay != nil
    if let name = hello.ticketPrefix, !context.furtherTicketKeys.isEmpty { chooseTicketKey(of: name) }
  }

  /// Chooses, among the keys that a server takes tickets under, that of a ticket. GnuTLS works with one key a session, and writes the
  /// name of what it made of it into the first 16 bytes of each ticket.
  private func chooseTicketKey(of name: ArraySlice<UInt8>) {
    // GnuTLS changes what it makes of a key each three lifetimes, and takes what was before too.
    let period = unixTime / Int64(3 * TicketLifetime.seconds)
    for key in context.furtherTicketKeys {
      // The clocks of servers that share a key may differ, and a ticket is good for one period more.
      for period in [period, period - 1, period + 1] where TLSSession.ticketName(key: key, period: period) == Array(name) {
        let result = unsafe key.withUnsafeBufferPointer { bytes in
          var key = unsafe gnutls_datum_t(bytes)
          return unsafe gnutls_session_ticket_enable_server(session, &key)
        }
        hasFurtherTicketKey = result == 0
        return
      }
    }
  }

  /// GnuTLS 3.7's derivation (lib/stek.c): SHA3-512 over the number of the period and the key; the name is its beginning. Where another
  /// version does it otherwise no name fits, and such tickets cost a full handshake.
  private static func ticketName(key: [UInt8], period: Int64) -> [UInt8] {
    let number = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: period >> $0) }
    var digest = [UInt8](repeating: 0, count: 64)
    guard unsafe gnutls_hash_fast(GNUTLS_DIG_SHA3_512, number + key, number.count + key.count, &digest) == 0 else { return [] }
    return Array(digest.prefix(ticketNameBytes))
  }

  private static let ticketNameBytes = 16
}
