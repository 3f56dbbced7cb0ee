import Testing

/// The layers: bytes → meaning → policy. A module imports what its row names and nothing else.
@Suite struct ImportTests {
  /// One row a module, in the order of the layers. A row names only modules that stand above it, and what it needs from outside.
  private static let layers: [(module: String, own: [String], outside: [String], reason: String)] = [
    ("CNgtcp2", [], [], "a system library"),
    ("CNghttp3", [], [], "a system library"),
    ("CNghttp2", [], [], "a system library"),
    ("CGnuTLS", [], [], "a system library"),
    ("CHiredis", [], [], "a system library"),
    ("CZlib", [], [], "a system library"),
    ("CSocket", [], [], "C"),
    ("Events", [], [], "everything may tell an event, so the list of them needs nothing"),
    ("HTTPMessage", [], ["HTTPTypes"], "the one form of a message, whichever wire"),
    (
      "Exchange", ["Events", "HTTPMessage"], ["NIOCore", "DequeModule", "Synchronization"],
      "a seam knows neither its sides nor sockets"
    ),
    (
      "QUICTransport", ["CNgtcp2", "CGnuTLS", "CSocket", "Events"], ["NIOCore", "DequeModule", "Synchronization"],
      "a transport carries streams and does not know HTTP; it is a library of its own"
    ),
    ("HTTP1", ["HTTPMessage"], ["NIOCore", "DequeModule"], "a wire is bytes and messages, without IO and without exchanges"),
    (
      "HTTP2", ["CNghttp2", "HTTPMessage"], ["NIOCore", "DequeModule"],
      "a wire is bytes and messages, without IO and without exchanges"
    ),
    (
      "HTTP3", ["CNghttp3", "HTTPMessage", "QUICTransport"], ["NIOCore", "DequeModule"],
      "a wire is streams and messages, without IO; it is a library of its own"
    ),
    (
      "Wires", ["Events", "HTTPMessage", "Exchange", "HTTP1", "HTTP2", "HTTP3", "QUICTransport"], ["NIOCore", "DequeModule", "Crypto"],
      "adapters know wires and exchanges, not where requests go"
    ),
    (
      "Gateway", ["Events", "HTTPMessage", "Exchange"], ["NIOCore"],
      "policy never meets a wire, Network or QUICTransport: a second link or wire must not change it"
    ),
    (
      "ModuleProxy", ["CSocket", "CZlib", "Events", "HTTPMessage", "Exchange"], ["NIOCore", "Crypto", "Synchronization"],
      "a cache is a handler like any other and never meets a wire, Network or QUICTransport"
    ),
    (
      "Observability", ["CSocket", "Events", "HTTPMessage", "Exchange"], ["NIOCore", "Logging", "Synchronization"],
      "sinks see events, not whoever told them"
    ),
    (
      "Network", ["CHiredis", "CSocket", "Events", "HTTPMessage", "Exchange", "QUICTransport", "HTTP3", "Wires", "Gateway", "ModuleProxy", "Observability"],
      ["Glibc", "NIOCore", "NIOPosix", "NIOTLS", "NIOSSL", "DequeModule", "Synchronization"],
      "the only module with sockets, loops and timers"
    ),
    (
      "GatewayConfig", ["Events", "Gateway", "ModuleProxy"], ["NIOCore", "Yams", "X509", "Crypto", "Foundation"],
      "values of the policy from files; it starts nothing"
    ),
    ("LinkEmulator", [], ["DequeModule"], "a model of a link; what it carries is bytes"),
    (
      "quicgw",
      [
        "Events", "HTTPMessage", "Exchange", "QUICTransport", "HTTP3", "Wires", "Gateway", "ModuleProxy", "Observability", "Network",
        "GatewayConfig",
      ],
      ["ArgumentParser", "Logging", "UnixSignals", "X509", "Crypto", "Foundation", "NIOCore", "NIOPosix", "Synchronization"],
      "builds and wires everything"
    ),
    (
      "quicgw-link", ["CSocket", "LinkEmulator"], ["ArgumentParser", "FoundationEssentials"],
      "the rig's link moves packets as the model says and knows nothing of the gateway"
    ),
  ]

  @Test func modulesImportOnlyWhatStandsAboveThem() {
    for file in SourceTree.package.sources {
      guard let row = Self.layers.first(where: { $0.module == file.module }) else {
        Issue.record("\(file.path): the module \(file.module) is not in the table; give it its place among the layers")
        continue
      }
      for module in Self.imports(of: file) where !(row.own + row.outside).contains(module) {
        guard !(file.isInBridge && Self.systemLibraries.contains(module)) else { continue }
        Issue.record("\(file.path) imports \(module), which \(row.module) must not: \(row.reason)")
      }
    }
  }

  @Test func tableNamesOnlyModulesAbove() {
    var above: Set<String> = []
    for row in Self.layers {
      let below = row.own.filter { !above.contains($0) }
      #expect(below.isEmpty, "\(row.module) is said to import \(below), which does not stand above it")
      above.insert(row.module)
    }
  }

  @Test func importsAreRead() {
    let lines = [
      "public import Events", "import struct Foundation.Date", "@preconcurrency internal import NIOCore", "// import Network",
      "let a = \"import X\"",
      "  import HTTP1", "important()",
    ]
    let file = SourceTree.File(path: "Sources/Gateway/A.swift", lines: lines, code: CodeFilter.code(of: lines))
    #expect(Self.imports(of: file) == ["Events", "Foundation", "NIOCore", "HTTP1"])
  }

  /// The C library, under each name that it has; for borrowed memory and system calls, so in `Bridge/` only.
  private static let systemLibraries = ["Glibc", "Musl", "Darwin"]

  private static func imports(of file: SourceTree.File) -> [String] {
    file.code.compactMap { line in
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let keyword = words.firstIndex(of: "import"),
        words[..<keyword].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") })
      else { return nil }
      let named = words[(keyword + 1)...].first { !kinds.contains($0) }
      return named?.split(separator: ".").first.map(String.init)
    }
  }

  private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
}
