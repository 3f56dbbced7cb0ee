import Exchange
import HTTPMessage

/// What a hop changes in the head of a request (RFC 9110 §7.6, design of the link). Owns scratch space, so that a request costs
/// the copy of its head and nothing else.
struct HeadRewriting {
  private let hop: Hop
  private var scratch: [UInt8] = []

  init(hop: Hop) {
    self.hop = hop
    scratch.reserveCapacity(512)
  }

  /// Client → link: the service becomes the authority, the client's own goes into `Forwarded`.
  mutating func addressToLink(
    _ head: inout RequestHead, from origin: RequestOrigin, client: ArraySlice<UInt8>, service: ArraySlice<UInt8>
  ) {
    addEntries(&head, origin: origin)
    addForwarded(&head, origin: origin, client: client)
    setAuthority(&head, service)
    head.fields.replace(.scheme, with: Self.https)
  }

  /// Link → origin: the authority that the service's rule says, and the verified identity.
  mutating func addressToOrigin(
    _ head: inout RequestHead, from origin: RequestOrigin, client: ArraySlice<UInt8>, service: Service
  ) {
    addEntries(&head, origin: origin)
    if !head.fields.contains(.forwarded) { addForwarded(&head, origin: origin, client: client) }
    head.fields.append(CDNLoopField.name, hop.nameBytes)
    // On an edge the peer is a core, whose name means nothing to origins.
    if hop.role == .core, let identity = origin.identity { head.fields.append(.quicgwEdge, identity) }
    guard let first = service.origins.first else { return setAuthority(&head, client) }
    switch service.host {
    case .preserve: setAuthority(&head, client)
    case .origin: setAuthority(&head, Array(first.authority.utf8)[...])
    }
    head.fields.replace(.scheme, with: first.scheme == .https ? Self.https : Self.http)
  }

  /// Takes a prefix off the path, leaving at least `/`, and puts a base path before it.
  mutating func strip(_ byteCount: Int, fromPathOf head: inout RequestHead, basePath: [UInt8] = []) {
    guard byteCount > 0 || !basePath.isEmpty, let path = head.path, path.first == UInt8(ascii: "/") else { return }
    let rest = path.dropFirst(byteCount)
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: basePath)
    if rest.first != UInt8(ascii: "/") { scratch.append(UInt8(ascii: "/")) }
    scratch.append(contentsOf: rest)
    head.fields.replace(.path, with: scratch)
  }

  private func addEntries(_ head: inout RequestHead, origin: RequestOrigin) {
    // The client's own head is kept for the log, so the first change copies it.
    head.fields.reserve(moreBytes: 256, moreFields: 6)
    head.fields.append(.via, hop.viaEntry(origin.wire))
    head.fields.remove(.quicgwEdge)
    head.fields.remove(Self.quicgwEdgeAsVariable)
  }

  private mutating func addForwarded(_ head: inout RequestHead, origin: RequestOrigin, client: ArraySlice<UInt8>) {
    ForwardedField.removeMalformed(from: &head.fields)
    scratch.removeAll(keepingCapacity: true)
    let scheme = origin.isSecure ? Self.https : Self.http
    ForwardedField.write(peer: origin.peerAddress, host: client, scheme: scheme[...], into: &scratch)
    head.fields.append(.forwarded, scratch)
  }

  /// The one place of the authority is the pseudo-header field; a Host beside it said the same and goes.
  private func setAuthority(_ head: inout RequestHead, _ authority: ArraySlice<UInt8>) {
    head.fields.remove(.host)
    if !head.fields.replace(.authority, with: authority) { head.fields.prepend(.authority, authority) }
  }

  /// CGI and WSGI put this name into the same variable as the real one (RFC 3875 §4.1.18), so it could forge an identity too.
  private static let quicgwEdgeAsVariable: FieldName = "quicgw_edge"
  private static let http = Array("http".utf8)
  private static let https = Array("https".utf8)
}
