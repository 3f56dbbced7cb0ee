import Events
import NIOCore
import QUICTransport

/// Lets the connections of a client's socket follow the addresses of its host: when datagrams to a peer leave from another
/// address, its connection migrates (RFC 9000 §9).
///
/// The socket is bound to no address, so it stays what it is. Where the kernel gives no news of changes, it is asked every few
/// seconds, and always when sending fails. Confined to its loop.
final class AddressFollower {
  private let eventLoop: any EventLoop
  private let events: any EventSink
  private let port: UInt16
  private unowned let endpoint: Endpoint
  private var pacer = ChangePacer()
  private var watch: (any Channel)?
  private var poll: RepeatedTask?
  private var isStopped = false
  /// For each peer, where datagrams to it were last seen to leave from.
  private var sources: [Address: Address] = [:]

  init(endpoint: Endpoint, port: UInt16, loop: LoopContext) {
    self.endpoint = endpoint
    self.port = port
    eventLoop = loop.eventLoop
    events = loop.events
  }

  func start() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    do {
      try NetworkWatch.start(on: eventLoop) { bound.value.changed() }.whenComplete { result in
        switch result {
        case .success(let channel): bound.value.began(channel)
        case .failure(let error): bound.value.pollInstead(error)
        }
      }
    } catch {
      pollInstead(error)
    }
  }

  func stop() {
    isStopped = true
    watch?.close(promise: nil)
    poll?.cancel()
  }

  /// The path to a peer: with the address that the kernel would choose, or with none while there is no way to it.
  func path(to remote: Address, from unspecified: Address) -> NetworkPath {
    let source = SourceAddress.towards(remote, port: port)
    sources[remote] = source
    return NetworkPath(local: source ?? unspecified, remote: remote)
  }

  /// Addresses or routes may have changed.
  func changed() {
    guard !isStopped, let time = pacer.changed(now: .now()) else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(deadline: time) { bound.value.look() }
  }

  private func look() {
    guard !isStopped else { return }
    let now = NIODeadline.now()
    pacer.looked(now: now)
    let connections = endpoint.connections
    let peers = Set(connections.map(\.path.remote))
    sources = sources.filter { peers.contains($0.key) }
    for peer in peers { look(at: peer, connections.filter { $0.path.remote == peer }, now: now) }
  }

  private func look(at peer: Address, _ connections: [Connection], now: NIODeadline) {
    // Without a way to the peer nothing is lost but time: the next news may bring one.
    guard let source = SourceAddress.towards(peer, port: port) else { return }
    if let former = sources.updateValue(source, forKey: peer), former != source {
      events.record(.addressChanged(from: former.host, to: source.host, peer: "\(peer)"))
    }
    for connection in connections {
      let isGone = connection.path.local != source && !SourceAddress.exists(connection.path.local)
      connection.localAddressChanged(to: source, formerIsGone: isGone, now: now)
    }
  }

  private func began(_ channel: any Channel) {
    watch = channel
    if isStopped { channel.close(promise: nil) }
  }

  private func pollInstead(_ error: any Error) {
    events.record(.addressWatchUnavailable(reason: "\(error)"))
    guard !isStopped else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    poll = eventLoop.scheduleRepeatedTask(initialDelay: Self.pollInterval, delay: Self.pollInterval) { _ in
      bound.value.changed()
    }
  }

  private static let pollInterval = TimeAmount.seconds(2)
}
