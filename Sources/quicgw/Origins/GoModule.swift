import NIOCore

/// One version of a Go module, as the module proxy protocol serves it (https://go.dev/ref/mod#goproxy-protocol).
struct GoModule {
  let path: String
  let version: String
  let info: ByteBuffer
  let mod: ByteBuffer
  let zip: ByteBuffer

  /// - Parameters:
  ///   - path: the module path in lower case, so that it needs no escaping in URLs.
  ///   - files: names and contents beside `go.mod`.
  init(path: String, version: String, requires: [String] = [], files: [(name: String, content: ByteBuffer)]) {
    self.path = path
    self.version = version
    info = ByteBuffer(string: #"{"Version":"\#(version)","Time":"2026-01-02T03:04:05Z"}"#)
    mod = ByteBuffer(string: "module \(path)\n\ngo 1.21\n" + requires.map { "\nrequire \($0)\n" }.joined())
    var archive = ZipArchive()
    archive.append("\(path)@\(version)/go.mod", mod)
    for file in files { archive.append("\(path)@\(version)/\(file.name)", file.content) }
    zip = archive.finish()
  }
}

extension GoModule {
  /// The modules of the demo: a few small ones and one whose zip has 20 MB. The same in every process that makes them, so
  /// that a client knows what it must get.
  static func generated() -> [GoModule] {
    let domain = "demo.quicgw.test"
    func source(_ package: String, _ text: String) -> (String, ByteBuffer) {
      ("\(package).go", ByteBuffer(string: "package \(package)\n\n\(text)\n"))
    }
    let greetings = ["v1.0.0": "Hello", "v1.1.0": "Hello from beyond the link"].sorted { $0.key < $1.key }
    return greetings.map { version, words in
      GoModule(
        path: "\(domain)/greeting", version: version,
        files: [source("greeting", "// Words greets.\nconst Words = \"\(words)\"")])
    } + [
      GoModule(
        path: "\(domain)/letter", version: "v0.3.0", requires: ["\(domain)/greeting v1.1.0"],
        files: [
          source("letter", "import \"\(domain)/greeting\"\n\n// Text is a letter.\nfunc Text() string { return greeting.Words }"),
          ("README.md", ByteBuffer(string: "# letter\n\nNeeds greeting.\n")),
        ]),
      GoModule(
        path: "\(domain)/large", version: "v1.0.0",
        files: [
          source("large", "// Size is the number of bytes of data.bin.\nconst Size = \(largeByteCount)"),
          ("data.bin", noise(byteCount: largeByteCount, seed: 0x9e37_79b9_7f4a_7c15)),
        ]),
    ]
  }

  /// Bytes that look random and are the same for the same seed (xorshift64*), so that no hop can compress or cache by chance.
  static func noise(byteCount: Int, seed: UInt64) -> ByteBuffer {
    var state = seed | 1
    var buffer = ByteBuffer()
    buffer.reserveCapacity(byteCount + 8)
    while buffer.writerIndex < byteCount {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      buffer.writeInteger(state &* 0x2545_f491_4f6c_dd1d)
    }
    buffer.moveWriterIndex(to: byteCount)
    return buffer
  }

  private static let largeByteCount = 20_000_000
}
