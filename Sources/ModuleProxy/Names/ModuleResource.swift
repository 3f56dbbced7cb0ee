/// What a path of the module proxy protocol names (https://go.dev/ref/mod#goproxy-protocol).
///
/// Only paths that are written exactly as the protocol says are values of this type; the rest is nobody's business here.
public enum ModuleResource: Sendable, Hashable {
  case list(ModulePath)
  case latest(ModulePath)
  case info(ModulePath, ModuleVersion)
  /// `.info` of a branch or of another name whose meaning changes.
  case query(ModulePath, String)
  case mod(ModulePath, ModuleVersion)
  case zip(ModulePath, ModuleVersion)
  /// Whether the proxy passes requests on to a checksum database; and the database's own paths
  /// (https://go.dev/ref/mod#checksum-database).
  case databaseSupported(String)
  case databaseLatest(String)
  case databaseLookup(String, ModulePath, ModuleVersion)
  case databaseTile(String, ArraySlice<UInt8>)

  /// A path in the one form that this module knows things by: the go command writes the `!` of capitals as `%21`.
  static func plain(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard path.contains(UInt8(ascii: "%")) else { return path }
    var plain: [UInt8] = []
    var rest = path
    let signs: [(code: StaticString, sign: UInt8)] = [
      ("21", UInt8(ascii: "!")), ("2B", UInt8(ascii: "+")), ("7E", UInt8(ascii: "~")),
    ]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let known = signs.first(where: { rest.starts(with: $0.code.description.utf8) }) {
        plain.append(known.sign)
        rest = rest.dropFirst(2)
      } else {
        plain.append(byte)
      }
    }
    return plain[...]
  }

  /// - Parameter path: `:path` of a request without what stands before the protocol's part; begins with `/`.
  public init?(path: ArraySlice<UInt8>) {
    guard path.first == UInt8(ascii: "/"), path.count <= Self.longestPath else { return nil }
    let rest = path.dropFirst()
    if rest.starts(with: "sumdb/".utf8) {
      self.init(database: rest.dropFirst(6))
    } else if let at = rest.firstIndex(of: UInt8(ascii: "@")), at > rest.startIndex, rest[at - 1] == UInt8(ascii: "/") {
      guard let module = ModulePath(escaped: rest[..<(at - 1)]) else { return nil }
      self.init(module, rest[at...])
    } else {
      return nil
    }
  }

  private init?(_ module: ModulePath, _ end: ArraySlice<UInt8>) {
    if end.elementsEqual("@latest".utf8) {
      self = .latest(module)
    } else if end.elementsEqual("@v/list".utf8) {
      self = .list(module)
    } else if end.starts(with: "@v/".utf8), let dot = end.lastIndex(of: UInt8(ascii: ".")), dot > end.startIndex + 3 {
      let name = end[(end.startIndex + 3)..<dot]
      let version = ModuleVersion(escaped: name)
      switch (String(decoding: end[dot...], as: UTF8.self), version) {
      case (".info", let version?): self = .info(module, version)
      case (".mod", let version?): self = .mod(module, version)
      case (".zip", let version?): self = .zip(module, version)
      case (".info", nil):
        guard let query = BangEscape.unescaped(name), Self.isPlain(name) else { return nil }
        self = .query(module, query)
      default: return nil
      }
    } else {
      return nil
    }
  }

  private init?(database path: ArraySlice<UInt8>) {
    guard let slash = path.firstIndex(of: UInt8(ascii: "/")), Self.isPlain(path[..<slash]) else { return nil }
    let name = String(decoding: path[..<slash], as: UTF8.self)
    let rest = path[(slash + 1)...]
    if rest.elementsEqual("supported".utf8) {
      self = .databaseSupported(name)
    } else if rest.elementsEqual("latest".utf8) {
      self = .databaseLatest(name)
    } else if rest.starts(with: "tile/".utf8) {
      let elements = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard (4...10).contains(elements.count), elements.allSatisfy(Self.isPlain) else { return nil }
      self = .databaseTile(name, rest)
    } else if rest.starts(with: "lookup/".utf8), let at = rest.lastIndex(of: UInt8(ascii: "@")) {
      guard let module = ModulePath(escaped: rest[..<at].dropFirst(7)),
        let version = ModuleVersion(escaped: rest[(at + 1)...])
      else { return nil }
      self = .databaseLookup(name, module, version)
    } else {
      return nil
    }
  }

  /// A name that is safe as that of a file and needs no escaping in a URL.
  private static func isPlain(_ name: ArraySlice<UInt8>) -> Bool {
    (1...200).contains(name.count) && name.first != UInt8(ascii: ".")
      && name.allSatisfy { BangEscape.isLetterOrDigit($0) || "-._~!".utf8.contains($0) }
  }

  private static let longestPath = 700
}

extension ModuleResource {
  /// How long an answer stays true.
  enum Lifetime: Sendable, Equatable {
    case immutable
    /// Lists and everything else that grows.
    case listing
    /// Whether a checksum database is there, which nearly never changes.
    case capability
  }

  var lifetime: Lifetime {
    switch self {
    case .info, .mod, .zip, .databaseLookup, .databaseTile: .immutable
    case .list, .latest, .query, .databaseLatest: .listing
    case .databaseSupported: .capability
    }
  }

  /// What a database has signed is seen only with a record and its tiles together; until then it is no more than what somebody
  /// said.
  var needsProof: Bool {
    switch self {
    case .databaseLookup, .databaseTile: true
    default: false
    }
  }

  /// The name of the checksum database whose it is.
  var database: String? {
    switch self {
    case .databaseSupported(let name), .databaseLatest(let name), .databaseLookup(let name, _, _),
      .databaseTile(let name, _):
      name
    case .list, .latest, .info, .query, .mod, .zip: nil
    }
  }

  /// The module that it tells of.
  var module: ModulePath? {
    switch self {
    case .list(let module), .latest(let module), .info(let module, _), .query(let module, _), .mod(let module, _),
      .zip(let module, _), .databaseLookup(_, let module, _):
      module
    case .databaseSupported, .databaseLatest, .databaseTile: nil
    }
  }

  /// The version, or what stands in its place; empty where there is none.
  var versionText: String {
    switch self {
    case .info(_, let version), .mod(_, let version), .zip(_, let version), .databaseLookup(_, _, let version): version.text
    case .query(_, let query): query
    case .list, .latest, .databaseSupported, .databaseLatest, .databaseTile: ""
    }
  }

  /// The most bytes that an answer may have: those of the go command where it has a limit (`golang.org/x/mod/zip`).
  var byteLimit: Int {
    switch self {
    case .zip: 500 << 20
    case .mod: 16 << 20
    case .list: 8 << 20
    case .info, .latest, .query, .databaseSupported, .databaseLatest, .databaseLookup, .databaseTile: 1 << 20
    }
  }
}
