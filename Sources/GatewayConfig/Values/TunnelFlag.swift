/// `--tcp [HOST:]PORT=TARGET`: where connections come in, and what they are for.
struct TunnelFlag {
  let address: Value
  let target: Value

  /// - Parameter example: of the whole, for whoever has written something else.
  init(_ text: String, example: String) throws(ConfigurationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw Value(flag: "--tcp", text).error("“\(text)” names nothing behind the port", "write for example --tcp \(example)")
    }
    address = Value(flag: "--tcp", listeningAt: text[..<equals])
    target = Value(flag: "--tcp", String(text[text.index(after: equals)...]))
  }
}

extension Value {
  /// An address to listen on of the command line, where a port alone is one of 127.0.0.1.
  init(flag: String, listeningAt text: some StringProtocol) {
    let isPort = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    self.init(flag: flag, isPort ? "127.0.0.1:\(text)" : String(text))
  }
}
