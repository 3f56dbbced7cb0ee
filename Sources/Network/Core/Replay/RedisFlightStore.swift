import Events
import HTTPMessage
import NIOCore
import Observability
import QUICTransport

/// First flights in Redis: `SET quicgw:flight:… 1 NX EX …`, which one core of all wins.
///
/// Says «unavailable» while there is no connection, and while Redis may have forgotten flights. Lives on one loop.
final class RedisFlightStore: SharedFlightStore {
  private let client: RedisClient
  private let name: String
  private let events: any EventSink
  private var memory: StoreMemory
  /// Whether this connection's Redis has said since when it remembers.
  private var isKnown = false
  private var askedAt = NIODeadline.distantPast
  private var refusal: String?

  /// - Parameter recordBeganAt: since when the core has a record of its own, see `StoreMemory`.
  init(_ options: RedisOptions, recordBeganAt: Int64? = nil, eventLoop: any EventLoop, events: any EventSink) {
    client = RedisClient(options, eventLoop: eventLoop)
    name = options.name
    self.events = events
    memory = StoreMemory(recordBeganAt: recordBeganAt)
    // The connection outlives the store for as long as it takes to close.
    client.onReady = { [weak self] in self?.askForMemory() }
    client.onLost = { [weak self] reason in
      self?.isKnown = false
      self?.tell(reason, "early requests wait for the handshake until it is back")
    }
  }

  func start() { client.start() }
  func stop() { client.stop() }

  func admit(_ flight: FlightIdentifier, answer: @escaping (SharedVerdict) -> Void) {
    // A Redis that was loading its data when it was asked has an answer by now.
    if client.trouble == nil, !isKnown, askedAt + Self.askPause <= .now() { askForMemory() }
    guard client.trouble == nil, isKnown, memory.isComplete(unixTime: WallTime.now().seconds) else { return answer(.unavailable) }
    let key = "quicgw:flight:" + Hexadecimal.text(flight.bytes)
    var pending: ((SharedVerdict) -> Void)? = answer
    func tell(_ verdict: SharedVerdict) {
      pending?(verdict)
      pending = nil
    }
    let bound = NIOLoopBound(tell, eventLoop: client.eventLoop)
    let limit = client.eventLoop.scheduleTask(in: SharedFlightLimits.answer) { bound.value(.slow) }
    send(["SET", key, "1", "NX", "EX", String(TicketLifetime.replayableSeconds)]) { [weak self] reply in
      limit.cancel()
      switch reply {
      case .status:
        self?.refusal = nil
        tell(.new)
      case .nothing: tell(.seen)
      case .error(let words):
        self?.refused(words)
        tell(.unavailable)
      case .content, .other, nil: tell(.unavailable)
      }
    }
  }

  /// The first core that finds no time writes its own; Redis loses it with everything else.
  private func askForMemory() {
    askedAt = .now()
    send(["SET", Self.sinceKey, String(WallTime.now().seconds), "NX"]) { _ in }
    send(["GET", Self.sinceKey]) { [weak self] reply in
      guard let self else { return }
      switch reply {
      case .content(let bytes):
        guard let since = Int64(String(buffer: bytes)) else { return refused("\(Self.sinceKey) holds no time") }
        isKnown = true
        refusal = nil
        if memory.found(since: since) { return }
        let hours = TicketLifetime.replayableSeconds / 3600
        tell(
          "it has lost what cores have noted there",
          "early requests wait for the handshake for \(hours) h, as copies of earlier ones would be new to it")
      case .error(let words): refused(words)
      case .nothing: refused("it does not keep \(Self.sinceKey)")
      case .status, .other, nil: break
      }
    }
  }

  /// Told of once, until Redis does what it is asked again.
  private func refused(_ words: String) {
    guard refusal == nil else { return }
    refusal = words
    tell("it answers with an error: \(words)", "early requests wait for the handshake")
  }

  private func tell(_ reason: String, _ consequence: String) {
    events.record(.earlyDataStorage(file: name, reason: reason, consequence: consequence))
  }

  private func send(_ command: [String], reply: @escaping (RedisReply?) -> Void) {
    client.send(command.map { ByteBuffer(string: $0) }, reply: reply)
  }

  private static let askPause = TimeAmount.seconds(1)
  private static let sinceKey = "quicgw:flights-since"
}
