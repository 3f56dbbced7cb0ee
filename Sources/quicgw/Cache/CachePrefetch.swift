import ArgumentParser
import Exchange
import Foundation
import Gateway
import ModuleProxy
import NIOCore
import Network

/// `quicgw cache prefetch`: asks a running edge for modules, so that they are there when the link is not.
struct CachePrefetch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prefetch",
    abstract: "Fetches the modules of a go.sum, or of a list of module@version, through an edge.",
    discussion: "Ends with status 1 if one could not be had.")

  @Option(help: ArgumentHelp("The edge's module proxy, as GOPROXY has it.", valueName: "url"))
  var proxy = "http://127.0.0.1:8080"

  @Argument(help: "A go.sum, or a file with module@version in each line.")
  var file: String

  func run() async throws {
    let wanted = try ModuleList.read(file)
    let origin: OriginURL
    do throws(OriginURL.Malformed) {
      origin = try OriginURL(proxy)
    } catch {
      throw CommandError.configuration("--proxy: \(error.message); \(error.advice)")
    }
    let client = try await OriginClient.start(origin)
    let proxy = DemoClient(wire: .http1, authority: origin.authority, handler: client.handler)
    let failures = await fetch(wanted, from: proxy, origin.basePath)
    try await client.stop()
    for failure in failures { StandardError.write("quicgw: \(failure)") }
    StandardError.write("quicgw: \(wanted.count - failures.count) of \(wanted.count) modules are there")
    if !failures.isEmpty { throw ExitCode(1) }
  }

  private func fetch(_ wanted: [ModuleList.Entry], from client: DemoClient, _ basePath: String) async -> [String] {
    var progress = ProgressLine(total: wanted.count)
    return await withTaskGroup(of: (String, String?).self) { tasks in
      var failures: [String] = []
      var rest = wanted[...]
      for entry in rest.prefix(Self.concurrency) { tasks.addTask { await Self.fetch(entry, client, basePath) } }
      rest = rest.dropFirst(Self.concurrency)
      for await (name, failure) in tasks {
        progress.advance(name)
        if let failure { failures.append(failure) }
        if let entry = rest.popFirst() { tasks.addTask { await Self.fetch(entry, client, basePath) } }
      }
      progress.end()
      return failures
    }
  }

  private static func fetch(_ entry: ModuleList.Entry, _ client: DemoClient, _ basePath: String) async -> (String, String?) {
    let name = "\(entry.module.text)@\(entry.version.text)"
    for kind in entry.isModAlone ? ["mod"] : ["info", "mod", "zip"] {
      do {
        let answer = try await client.fetch("GET", "\(basePath)/\(entry.module.escaped)/@v/\(entry.version.escaped).\(kind)")
        guard answer.head.status == 200 else { return (name, "\(name): the answer to its .\(kind) was \(answer.head.status)") }
      } catch {
        return (name, "\(name): \((error as? CommandError)?.message ?? "\(error)")")
      }
    }
    return (name, nil)
  }

  private static let concurrency = 8
}

/// What a file asks for.
enum ModuleList {
  struct Entry: Hashable {
    let module: ModulePath
    let version: ModuleVersion
    /// go.sum often names only the go.mod of what is not built.
    var isModAlone: Bool
  }

  /// - Throws: `CommandError` for a file that cannot be read, and for the first line that names no module and version.
  static func read(_ file: String) throws -> [Entry] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw CommandError.configuration("the file \(file) cannot be read")
    }
    var found: [String: Entry] = [:]
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "@" })
      guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix("//") else { continue }
      let isModAlone = words.count > 2 && words[1].hasSuffix("/go.mod")
      guard words.count >= 2, let module = ModulePath(String(words[0])),
        let version = ModuleVersion(String(isModAlone ? words[1].dropLast(7) : words[1]))
      else {
        throw CommandError.configuration(
          "\(file):\(number + 1): “\(line)” names no module and version; write module@v1.2.3, or name a go.sum")
      }
      let name = "\(module.text)@\(version.text)"
      if found[name]?.isModAlone != false { found[name] = Entry(module: module, version: version, isModAlone: isModAlone) }
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }
}

/// How far it is, in one line of a terminal; nothing elsewhere.
private struct ProgressLine {
  private let total: Int
  private var done = 0
  private let isTerminal = isatty(2) == 1

  init(total: Int) { self.total = total }

  mutating func advance(_ name: String) {
    done += 1
    guard isTerminal, total > 0 else { return }
    let filled = Self.width * done / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    FileHandle.standardError.write(Data("\r\u{1b}[K[\(bar)] \(done)/\(total) \(name.prefix(60))".utf8))
  }

  func end() {
    if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
  }

  private static let width = 30
}
