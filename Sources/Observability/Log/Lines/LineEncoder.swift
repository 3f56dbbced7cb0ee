/// Makes the lines of the log, in either format, at the end of a buffer of bytes.
///
/// A text line is `time LEVEL sentence key=value…`; a JSON line one object with `time`, `level`, `message` and the keys in the
/// order they are given. What comes from outside is escaped: nobody can end a line or send a control sequence to a terminal.
struct LineEncoder {
  /// The finished lines, and the one that is being made.
  private(set) var bytes: [UInt8] = []
  private let format: LogFormat
  private var timestamp = Timestamp()

  init(format: LogFormat) {
    self.format = format
  }

  var isJSON: Bool { format == .json }

  /// Begins a line.
  mutating func begin(time: WallTime, level: LogLevel) {
    switch format {
    case .text:
      timestamp.append(time, to: &bytes)
      put(" ")
      put(level.label)
      put(" ")
    case .json:
      put("{\"time\":\"")
      timestamp.append(time, to: &bytes)
      put("\",\"level\":\"")
      put(level.rawValue)
      put("\"")
    }
  }

  /// Begins an object for programs that collect reports; JSON whatever the log's format is.
  mutating func beginReport(time: WallTime) {
    put("{\"timestamp\":\"")
    timestamp.append(time, to: &bytes)
    put("\"")
  }

  /// The sentence; the first thing behind `begin`.
  mutating func message(_ text: String) {
    beginMessage()
    escape(text.utf8)
    endMessage()
  }

  /// A sentence of two words that came from outside as bytes.
  mutating func message(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) {
    beginMessage()
    escapeForeign(first)
    put(" ")
    escapeForeign(second)
    endMessage()
  }

  mutating func field(_ key: String, _ value: String) {
    beginField(key)
    if format == .text, !value.isEmpty, !value.utf8.contains(where: Self.needsQuotes) { return put(value) }
    put("\"")
    escape(value.utf8, isQuoted: true)
    put("\"")
  }

  /// A value that came from outside as bytes, for JSON.
  mutating func field(_ key: String, foreign value: ArraySlice<UInt8>) {
    beginField(key)
    put("\"")
    escapeForeign(value)
    put("\"")
  }

  /// A list; in text its elements with commas between them.
  mutating func field(_ key: String, list elements: [String]) {
    guard isJSON else { return field(key, elements.joined(separator: ", ")) }
    beginField(key)
    put("[")
    for (index, element) in elements.enumerated() {
      put(index == 0 ? "\"" : ",\"")
      escape(element.utf8, isQuoted: true)
      put("\"")
    }
    put("]")
  }

  mutating func field(_ key: String, _ value: some BinaryInteger) {
    beginField(key)
    put(String(value))
  }

  /// A duration in milliseconds with three decimals.
  mutating func field(_ key: String, milliseconds value: Duration) {
    beginField(key)
    put(value.millisecondsText)
  }

  /// A value that is JSON already; in text it stands as it is.
  mutating func rawField(_ key: String, _ value: String) {
    beginField(key)
    put(value)
  }

  mutating func end() {
    if format == .json { put("}") }
    put("\n")
  }

  /// The lines made so far; the buffer begins anew and keeps its memory.
  mutating func take() -> [UInt8] {
    let taken = bytes
    bytes.removeAll(keepingCapacity: true)
    return taken
  }

  private mutating func beginField(_ key: String) {
    switch format {
    case .text:
      put(" ")
      put(key)
      put("=")
    case .json:
      put(",\"")
      escape(key.utf8)
      put("\":")
    }
  }

  private mutating func put(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func beginMessage() {
    if format == .json { put(",\"message\":\"") }
  }

  private mutating func endMessage() {
    if format == .json { put("\"") }
  }

  /// Bytes that need not be UTF-8; what is not becomes U+FFFD.
  private mutating func escapeForeign(_ foreign: ArraySlice<UInt8>) {
    guard foreign.contains(where: { $0 >= 0x80 }) else { return escape(foreign) }
    escape(String(decoding: foreign, as: UTF8.self).utf8)
  }

  /// - Parameters:
  ///   - text: UTF-8.
  ///   - isQuoted: whether a quote would end the text; a message in a text line has none around it.
  private mutating func escape(_ text: some Sequence<UInt8>, isQuoted: Bool = false) {
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        if isQuoted || format == .json { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
      case UInt8(ascii: "\n"): put("\\n")
      case 0..<0x20, 0x7f: putControl(byte)
      case 0xc2:
        // U+0080 to U+009F are control characters too.
        guard let second = rest.next() else { return }
        if second < 0xa0 { putControl(second) } else { bytes += [byte, second] }
      default: bytes.append(byte)
      }
    }
  }

  private mutating func putControl(_ byte: UInt8) {
    put(format == .json ? "\\u00" : "\\x")
    putHexadecimal(byte)
  }

  private mutating func putHexadecimal(_ byte: UInt8) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(digits[Int(byte >> 4)])
    bytes.append(digits[Int(byte & 15)])
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\\")
  }
}

extension Duration {
  /// Milliseconds with three decimals, as log lines write durations.
  var millisecondsText: String {
    let (seconds, attoseconds) = components
    let microseconds = max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    let decimals = String(microseconds % 1_000)
    return "\(microseconds / 1_000)." + String(repeating: "0", count: 3 - decimals.count) + decimals
  }
}
