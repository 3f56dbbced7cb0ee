import Events
import LinkEmulator
import NIOCore
import QUICTransport
import TestCertificates

/// A client's and a server's endpoint with an emulated link between them and a virtual clock: whole connections in microseconds,
/// without sockets and sleeps.
final class Pair {
  let client: Peer
  let server: Peer
  var link: Link<Packet>
  /// Virtual time in nanoseconds.
  private(set) var now: UInt64 = 1_000_000_000
  /// The address that the network gives the client's datagrams; a change is a NAT rebinding.
  var clientAddressSeen: Address
  /// Addresses that the client itself has besides its first.
  var furtherClientAddresses: [Address] = []
  /// Addresses that the client has no more: nothing leaves from them, and nothing arrives.
  var goneClientAddresses: Set<Address> = []
  /// Sees every datagram before the link does; false drops it.
  var filter: (Packet) -> Bool = { _ in true }
  /// Every burst that was sent.
  private(set) var bursts: [Burst] = []
  /// Every datagram of the client's, under its own address.
  private(set) var sent: [Packet] = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Burst.maximumByteCount, alignment: 16)

  init(
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)), seed: UInt64 = 1,
    configure: (inout EndpointConfiguration) -> Void = { _ in }
  ) {
    link = Link(conditions, seed: seed)
    client = Peer(address: .client, seed: seed &+ 1, configure: { _ in })
    server = Peer(address: .server, seed: seed &+ 2, configure: configure)
    clientAddressSeen = .client
  }

  deinit {
    buffer.deallocate()
  }

  var time: NIODeadline { .uptimeNanoseconds(now) }

  /// Begins a connection from the client.
  ///
  /// - Parameter local: the address that the connection begins with; the client's unless given.
  func connect(_ setup: ClientSetup, local: Address? = nil) throws -> Connection {
    let path = NetworkPath(local: local ?? client.address, remote: server.address)
    let connection = try client.endpoint.connect(setup, path: path, now: time)
    client.connections.append(connection)
    return connection
  }

  /// Runs until `condition` holds or nothing is left to do or `limit` has passed in virtual time.
  ///
  /// - Returns: whether the condition holds.
  @discardableResult
  func run(for limit: Duration = .seconds(60), until condition: () -> Bool = { false }) -> Bool {
    let end = now + UInt64(limit.components.seconds) * 1_000_000_000 + UInt64(limit.components.attoseconds / 1_000_000_000)
    turn()
    while !condition() {
      guard let next = nextTime, next <= end else {
        now = max(now, end)
        return false
      }
      now = max(now, next)
      turn()
    }
    return true
  }

  /// Hands a datagram to the server as if it had come from `address`.
  func inject(_ bytes: [UInt8], from address: Address = Address(ipAddress: "203.0.113.9", port: 9)!) {
    bytes.withUnsafeBytes {
      server.endpoint.receive($0, path: NetworkPath(local: server.address, remote: address), ecn: .notCapable, now: time)
    }
    turn()
  }

  private var nextTime: UInt64? {
    [link.nextArrival, client.endpoint.deadline?.uptimeNanoseconds, server.endpoint.deadline?.uptimeNanoseconds]
      .compactMap { $0 }.min()
  }

  private func turn() {
    while let packet = link.forward.receive(at: now) { deliver(packet, to: server, local: packet.to) }
    while let packet = link.backward.receive(at: now) {
      // A NAT forwards only to where the client is now.
      if goneClientAddresses.contains(packet.to == clientAddressSeen ? client.address : packet.to) { continue }
      if packet.to == clientAddressSeen {
        deliver(packet, to: client, local: client.address)
      } else if furtherClientAddresses.contains(packet.to) {
        deliver(packet, to: client, local: packet.to)
      }
    }
    for peer in [client, server] {
      if let deadline = peer.endpoint.deadline, deadline <= time { peer.endpoint.handleTimeout(now: time) }
      var rounds = 0
      while peer.endpoint.needsService, rounds < 64 {
        rounds += 1
        peer.endpoint.service(now: time) { connection in
          peer.collect(connection)
          while let burst = connection.nextBurst(into: buffer, now: time) { send(burst, from: peer) }
          peer.collect(connection)
        }
      }
      while let datagram = peer.endpoint.nextStatelessDatagram() {
        put(Packet(bytes: datagram.bytes, from: datagram.path.local, to: datagram.path.remote, ecn: .notCapable), from: peer)
      }
    }
  }

  private func deliver(_ packet: Packet, to peer: Peer, local: Address) {
    packet.bytes.withUnsafeBytes {
      peer.endpoint.receive($0, path: NetworkPath(local: local, remote: packet.from), ecn: packet.ecn, now: time)
    }
  }

  private func send(_ burst: Burst, from peer: Peer) {
    bursts.append(burst)
    var offset = 0
    while offset < burst.byteCount {
      let count = min(burst.segmentSize, burst.byteCount - offset)
      let bytes = Array(UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count]))
      put(Packet(bytes: bytes, from: burst.path.local, to: burst.path.remote, ecn: burst.ecn), from: peer)
      offset += count
    }
  }

  private func put(_ packet: Packet, from peer: Peer) {
    var packet = packet
    if peer === client {
      sent.append(packet)
      if goneClientAddresses.contains(packet.from) { return }
    }
    if peer === client, packet.from == client.address { packet.from = clientAddressSeen }
    guard filter(packet) else { return }
    if peer === client { link.forward.send(packet, at: now) } else { link.backward.send(packet, at: now) }
  }
}

/// A datagram on the emulated link.
struct Packet: LinkDatagram {
  var bytes: [UInt8]
  var from: Address
  var to: Address
  var ecn: ECNCodepoint

  var byteCount: Int { bytes.count }
  mutating func flip(bit: Int) { bytes.flip(bit: bit) }
}

extension Address {
  static let client = Address(ipAddress: "192.0.2.1", port: 40_000)!
  static let server = Address(ipAddress: "2001:db8::1", port: 4433)!
}
