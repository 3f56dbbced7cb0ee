import ArgumentParser
import Foundation
import GatewayConfig
import ModuleProxy

/// `quicgw cache`: looks after the folder of a module cache, also while an edge or a core serves from it.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Lists, checks, tidies, fills and carries the cache of Go modules.",
    discussion: "The folder is what modules.folder says in the configuration, or the one of a single service below it.",
    subcommands: [
      CacheList.self, CacheStatistics.self, CacheVerify.self, CacheCollect.self, CachePrefetch.self, CacheExport.self,
      CacheImport.self,
    ])
}

/// The folder that a cache command works on.
struct CacheFolder: ParsableArguments {
  @Argument(help: "The cache's folder.")
  var folder: String

  /// - Throws: `CommandError` if it is no cache, or if it has several and nobody can say which is meant.
  func open() throws -> ModuleStore {
    guard FileManager.default.fileExists(atPath: folder) else {
      throw CommandError.configuration("the folder \(folder) does not exist")
    }
    if Self.isCache(folder) { return try store(folder) }
    let names = caches
    guard let name = names.first else { throw CommandError.configuration("\(folder) is no module cache; name modules.folder") }
    guard names.count == 1 else {
      let folders = names.map { "\(folder)/\($0)" }.joined(separator: ", ")
      throw CommandError.configuration("\(folder) has several caches; name one of \(folders)")
    }
    return try store("\(folder)/\(name)")
  }

  /// The cache of a service if there are several, the only one if there is one, and else a new one.
  func openOrMake(for service: String) throws -> ModuleStore {
    if Self.isCache(folder) { return try store(folder) }
    let names = caches
    let isOther = names.count == 1 && names[0] != service
    return try store("\(folder)/\(isOther ? names[0] : service)")
  }

  /// The names of the caches below it.
  private var caches: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { Self.isCache("\(folder)/\($0)") }.sorted()
  }

  private func store(_ path: String) throws -> ModuleStore {
    do {
      return try ModuleStore(folder: path, isOwner: false)
    } catch {
      throw CommandError.failure("\(error)")
    }
  }

  private static func isCache(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/.incoming") }
}

/// `quicgw cache ls`
struct CacheList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: """
      Prints each entry with its bytes on the disk, when it was last used, and whether a checksum database vouches for it.
      """)

  @OptionGroup var folder: CacheFolder

  func run() throws {
    let store = try folder.open()
    for entry in store.entries() {
      let used = Date(timeIntervalSince1970: TimeInterval(entry.usedAt)).formatted(.iso8601)
      let recorded = (try? store.facts(of: entry.key))??.recordedHash ?? "-"
      StandardOutput.write("\(entry.key)\t\(entry.byteCount)\t\(used)\t\(recorded)")
    }
  }
}

/// `quicgw cache stat`
struct CacheStatistics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stat", abstract: "Prints how many entries of each kind there are, and their bytes.")

  @OptionGroup var folder: CacheFolder

  func run() throws {
    var kinds: [String: (count: Int, bytes: Int)] = [:]
    var total = (count: 0, bytes: 0)
    for entry in try folder.open().entries() {
      let kind = Self.kind(of: entry.key)
      kinds[kind, default: (0, 0)].count += 1
      kinds[kind, default: (0, 0)].bytes += entry.byteCount
      total.count += 1
      total.bytes += entry.byteCount
    }
    for (kind, sum) in kinds.sorted(by: { $0.key < $1.key }) { StandardOutput.write("\(kind)\t\(sum.count)\t\(sum.bytes)") }
    StandardOutput.write("total\t\(total.count)\t\(total.bytes)")
  }

  private static func kind(of key: String) -> String {
    if key.hasPrefix("sumdb/") { return "checksum database" }
    if key.hasSuffix("/@v/list") { return "list" }
    if key.hasSuffix("/@latest") { return "latest" }
    return key.split(separator: ".").last.map(String.init) ?? "other"
  }
}

/// `quicgw cache verify`
struct CacheVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Reads every entry and names those that are not what they were; ends with status 1 if there is one.")

  @Flag(help: "Remove them.")
  var remove = false

  @OptionGroup var folder: CacheFolder

  func run() throws {
    let store = try folder.open()
    var damaged = 0
    let entries = store.entries()
    for entry in entries where (try? store.isSound(entry.key)) != true {
      damaged += 1
      StandardOutput.write("damaged\t\(entry.key)")
      if remove { store.discard(entry.key) }
    }
    StandardError.write("quicgw: \(entries.count) entries, \(damaged) damaged\(remove && damaged > 0 ? " and removed" : "")")
    if damaged > 0 { throw ExitCode(1) }
  }
}

/// `quicgw cache gc`
struct CacheCollect: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "gc", abstract: "Removes what was not used for the longest time.")

  @Option(help: ArgumentHelp("How much may stay, as in 5GiB.", valueName: "size"))
  var quota: String?

  @Option(help: ArgumentHelp("Removes what was not used for so many days.", valueName: "days"))
  var unused: Int?

  @OptionGroup var folder: CacheFolder

  func run() throws {
    var bytes = Int.max
    if let quota {
      guard let count = ByteCount(quota) else {
        throw CommandError.configuration("--quota: “\(quota)” is not a size; write one as in 5GiB")
      }
      bytes = count.bytes
    }
    guard quota != nil || unused != nil else {
      throw CommandError.configuration("it is not said what may stay; give --quota or --unused")
    }
    if let unused, unused < 1 { throw CommandError.configuration("--unused: \(unused) is out of range; write 1 or more") }
    let oldest = unused.map { Int64(Date().timeIntervalSince1970) - Int64($0) * 86_400 } ?? .min
    let eviction = try folder.open().evict(quota: bytes, oldest: oldest)
    StandardOutput.write("removed \(eviction.entryCount) entries, \(eviction.byteCount) bytes")
  }
}
