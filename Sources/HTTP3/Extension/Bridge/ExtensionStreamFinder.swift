import QUICTransport

/// Tells the peer's unidirectional streams of one type from all others by their first bytes, however these are cut.
struct ExtensionStreamFinder {
  private let type: [UInt8]
  /// Streams whose first bytes agree so far.
  private var undecided: [StreamID: Int] = [:]
  private var others: Set<StreamID> = []
  private(set) var found: StreamID?

  init(_ type: ExtensionStreamType) {
    self.type = type.encoded
  }

  enum Verdict: Equatable {
    /// So many of the bytes are the end of the type; what follows is the extension's.
    case own(typeBytes: Int)
    /// These bytes of the type came before, and belong before what came now.
    case other(heldBack: ArraySlice<UInt8>)
    /// All of the bytes are kept back until more come. None may: a stream may end within its type (RFC 9114 §6.2).
    case undecided
    /// A second stream of the type.
    case repeated
  }

  mutating func look(at bytes: UnsafeRawBufferPointer, on stream: StreamID) -> Verdict {
    if stream == found { return .own(typeBytes: 0) }
    if others.contains(stream) { return .other(heldBack: []) }
    let known = undecided[stream] ?? 0
    let news = min(bytes.count, type.count - known)
    guard unsafe bytes.prefix(news).elementsEqual(type[known..<known + news]) else { return other(stream, known) }
    guard known + news == type.count else {
      undecided[stream] = known + news
      return .undecided
    }
    undecided[stream] = nil
    guard found == nil else { return .repeated }
    found = stream
    return .own(typeBytes: news)
  }

  private mutating func other(_ stream: StreamID, _ known: Int) -> Verdict {
    undecided[stream] = nil
    others.insert(stream)
    return .other(heldBack: type[..<known])
  }
}
