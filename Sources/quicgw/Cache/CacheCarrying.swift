import ArgumentParser
import Foundation
import Gateway
import ModuleProxy

/// `quicgw cache export`
struct CacheExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes all sound entries into one file, for quicgw cache import elsewhere.")

  @OptionGroup var folder: CacheFolder

  @Argument(help: "The file to write; it must not exist.")
  var file: String

  func run() throws {
    let store = try folder.open()
    let firstBlock = try CarriedCache.firstBlock(service: URL(fileURLWithPath: store.folder).lastPathComponent)
    guard !FileManager.default.fileExists(atPath: file) else {
      throw CommandError.configuration("the file \(file) exists; name another one")
    }
    guard FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o640]),
      let output = FileHandle(forWritingAtPath: file)
    else { throw CommandError.failure("the file \(file) cannot be written") }
    var count = 0
    do {
      try output.write(contentsOf: Data(firstBlock))
      for entry in store.entries() where try store.export(entry.key, write: { try output.write(contentsOf: Data($0)) }) {
        count += 1
      }
      try output.write(contentsOf: Data(CarriedCache.lastBlock))
      try output.synchronize()
    } catch {
      throw CommandError.failure("\(file) is not complete: \(error)")
    }
    StandardError.write("quicgw: wrote \(count) entries into \(file)")
  }
}

/// `quicgw cache import`
struct CacheImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Takes the entries of a file that quicgw cache export has written, each checked.",
    discussion: """
      A folder without a cache gets one, for the service that the entries were exported from. Run it as the user that quicgw \
      runs as.
      """)

  @OptionGroup var folder: CacheFolder

  @Argument(help: "The file to read.")
  var file: String

  func run() throws {
    guard let input = FileHandle(forReadingAtPath: file) else {
      throw CommandError.configuration("the file \(file) cannot be read")
    }
    guard let service = CarriedCache.service(firstBlock: try CarriedCache.block(input)) else {
      throw CommandError.configuration("\(file) was not written by quicgw cache export")
    }
    let store = try folder.openOrMake(for: service)
    var count = 0
    do {
      while true {
        let head = try CarriedCache.block(input)
        if head == CarriedCache.lastBlock { break }
        _ = try store.take(head: head) { [UInt8](try input.read(upToCount: $0) ?? Data()) }
        count += 1
      }
    } catch {
      throw CommandError.failure("took \(count) entries of \(file), then: \(error)")
    }
    StandardError.write("quicgw: took \(count) entries into \(store.folder)")
  }
}

/// The form of such a file: blocks of one size around entries as they are in the folder; without its last block it was cut off.
private enum CarriedCache {
  private static let title = "quicgw module cache export 1"

  /// - Throws: `CommandError` for a cache whose folder has not the name of a service.
  static func firstBlock(service: String) throws -> [UInt8] {
    guard Service.isName(service) else {
      throw CommandError.configuration(
        "the folder “\(service)” has no service's name, which an import elsewhere needs; rename it")
    }
    return padded("\(title)\n\(service)\n")
  }

  /// - Returns: the service whose cache it was; nil for another file.
  static func service(firstBlock: [UInt8]) -> String? {
    let lines = String(decoding: firstBlock.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, lines[0] == title, Service.isName(String(lines[1])) else { return nil }
    return String(lines[1])
  }

  static let lastBlock = padded("end of export\n")

  static func block(_ input: FileHandle) throws -> [UInt8] {
    let bytes = [UInt8](try input.read(upToCount: ModuleStore.exportedHeadBytes) ?? Data())
    guard bytes.count == ModuleStore.exportedHeadBytes else { throw CommandError.failure("the file ends early") }
    return bytes
  }

  private static func padded(_ text: String) -> [UInt8] {
    Array(text.utf8) + [UInt8](repeating: 0, count: ModuleStore.exportedHeadBytes - text.utf8.count)
  }
}
