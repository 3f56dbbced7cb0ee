import Exchange
import HTTPMessage

/// What a step found out, as evidence from the far end: the origin tells what it saw.
struct Crossing: Sendable {
  /// The protocols: client's, the link's, the origin's.
  let way: String
  let identity: String
  let status: String
  let byteCount: Int

  /// Reads the origin's report in an answer.
  /// - Parameters:
  ///   - wire: what the client spoke.
  ///   - identity: the name that the edge's certificate has.
  ///   - status: shown in place of the HTTP status.
  /// - Throws: when the request went another way than it should have.
  init(_ head: ResponseHead, wire: WireProtocol, identity: String, status: String? = nil, byteCount: Int) throws {
    guard let seen = head.fields.text(OriginSight.edge), let via = head.fields.text(OriginSight.via),
      let out = head.fields.text(OriginSight.wire)
    else {
      let text = head.fields.text(.proxyStatus) ?? "no Proxy-Status"
      throw CommandError.failure("status \(head.status), and not from the origin (\(text))")
    }
    guard seen == identity else { throw CommandError.failure("the origin was told the edge is \(seen), not \(identity)") }
    // `1.1 quicgw-edge-…, 3 quicgw-core-…`: how each hop received the request.
    let hops = via.split(separator: ",").map { $0.split(separator: " ").first.map(String.init) ?? "" }
    guard hops == [wire.viaVersion, WireProtocol.http3.viaVersion] else {
      throw CommandError.failure("the origin saw another way: \(via)")
    }
    way = "\(wire.rawValue) → \(WireProtocol.http3.rawValue) → \(out)"
    self.identity = seen
    self.status = status ?? String(head.status)
    self.byteCount = byteCount
  }

  /// One line for many alike.
  func summingBytes(of crossings: [Crossing]) -> Crossing {
    Crossing(self, byteCount: crossings.reduce(0) { $0 + $1.byteCount })
  }

  private init(_ crossing: Crossing, byteCount: Int) {
    way = crossing.way
    identity = crossing.identity
    status = crossing.status
    self.byteCount = byteCount
  }
}
