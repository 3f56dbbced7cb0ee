import Foundation
@testable import ModuleProxy
import NIOCore
import Testing

@Suite struct StoreTests {
  private let folder = NSTemporaryDirectory() + "quicgw-store-\(UInt64.random(in: .min ... .max))"

  private func header(_ key: String, _ content: String) -> EntryHeader {
    EntryHeader(
      key: key, byteCount: content.utf8.count, digest: ContentDigest.of(ByteBuffer(string: content)), fetchedAt: 1_000, contentType: "text/plain",
      entityTag: "\"t\"", recordedHash: nil)
  }

  private func keep(_ key: String, _ content: String, in store: ModuleStore) throws { try store.keep(ByteBuffer(string: content), header(key, content)) }

  private func content(_ key: String, in store: ModuleStore) throws -> String? {
    guard let found = try store.find(key, unixTime: 2_000) else { return nil }
    return String(buffer: try found.content.buffer(at: 0, count: found.content.byteCount))
  }

  @Test func headersAreWholeOrNone() throws {
    let header = header("example.test/a/@v/v1.0.0.mod", "module a")
    let bytes = try #require(header.encoded())
    #expect(EntryHeader(bytes) == header)
    for index in stride(from: 0, to: bytes.count, by: 7) {
      var changed = bytes
      changed[index] ^= 1
      #expect(EntryHeader(changed) == nil)
    }
    #expect(self.header(String(repeating: "a", count: 5000), "").encoded() == nil)
  }

  @Test func entriesOutliveTheProcess() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let store = try ModuleStore(folder: folder)
      #expect(try content("example.test/a/@v/list", in: store) == nil)
      try keep("example.test/a/@v/list", "v1.0.0\n", in: store)
      try keep("example.test/a/@v/list", "v1.0.0\nv1.1.0\n", in: store)
    }
    #expect(try content("example.test/a/@v/list", in: ModuleStore(folder: folder)) == "v1.0.0\nv1.1.0\n")
  }

  @Test func lookingIsNoUse() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ModuleStore(folder: folder)
    let key = "example.test/a/@v/v1.0.0.mod"
    try keep(key, "module example.test/a\n", in: store)
    // What a file system notes by itself it notes for a file whose last use is a day ago.
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 500)], ofItemAtPath: "\(folder)/\(key)")
    FolderAccess.use("\(folder)/\(key)", at: 1_000)
    #expect(try store.facts(of: key) != nil)
    #expect(try store.isSound(key))
    #expect(try store.export(key) { _ in })
    #expect(store.entries().map(\.usedAt) == [1_000])
    #expect(try content(key, in: store) != nil)
    #expect(store.entries().map(\.usedAt) == [2_000])
  }

  @Test func damagedFilesAreNeverServed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let key = "example.test/a/@v/v1.0.0.mod"
    for isKnown in [false, true] {
      for offset in [0, 100, 4095, 4096, 4100] {
        let store = try ModuleStore(folder: folder)
        try keep(key, "module example.test/a\n", in: store)
        if isKnown { #expect(try content(key, in: store) != nil) }
        let file = try #require(FileHandle(forUpdatingAtPath: "\(folder)/\(key)"))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([0xff]))
        try file.close()
        #expect(try content(key, in: store) == nil, "byte \(offset)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(key)"))
        #expect(store.takeDamagedCount() == 1)
      }
    }
    let store = try ModuleStore(folder: folder)
    try keep(key, "module example.test/a\n", in: store)
    try FileManager.default.moveItem(atPath: "\(folder)/\(key)", toPath: "\(folder)/example.test/a/@v/v2.0.0.mod")
    #expect(try content("example.test/a/@v/v2.0.0.mod", in: store) == nil, "it is another's")
  }

  @Test func whatACrashLeftIsCleared() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try ModuleStore(folder: folder)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(folder)/.incoming/123"))
    let store = try ModuleStore(folder: folder)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.incoming").isEmpty)
    #expect(throws: StorageError.self) { try ModuleStore(folder: folder) }
    _ = try store.begin()
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.incoming").isEmpty, "what nobody keeps goes by itself")
  }

  @Test func leastUsedGoesFirst() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ModuleStore(folder: folder)
    for index in 0..<10 {
      try keep("example.test/m\(index)/@v/list", String(repeating: "x", count: 8000), in: store)
      FolderAccess.use("\(folder)/example.test/m\(index)/@v/list", at: 4_000_000_000 + Int64(index))
    }
    let used = store.usedBytes()
    let eviction = store.evict(quota: used * 6 / 10, oldest: .min, sparing: ["example.test/m0/@v/list"])
    #expect(eviction.entryCount >= 4)
    let left = store.entries().map(\.key)
    #expect(left.contains("example.test/m0/@v/list"))
    #expect(!left.contains("example.test/m1/@v/list"))
    #expect(left.contains("example.test/m9/@v/list"))
    #expect(store.usedBytes() <= used * 6 / 10)
    #expect(store.evict(quota: .max, oldest: 4_000_000_009).entryCount == left.count - 1)
  }

  @Test func theCountOfBytesFollowsWhatHappens() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ModuleStore(folder: folder)
    #expect(store.usedBytes() == 0)
    for _ in 0..<5 { try keep("example.test/a/@v/list", String(repeating: "x", count: 50_000), in: store) }
    try keep("example.test/b/@v/list", "v1.0.0\n", in: store)
    #expect(store.usedBytes() == store.usedBytes(counting: true), "what is replaced does not count")
    store.remove("example.test/a/@v/list")
    #expect(store.usedBytes() == store.usedBytes(counting: true))
    try keep("example.test/c/@v/list", "v1.0.0\n", in: ModuleStore(folder: folder, isOwner: false))
    #expect(store.usedBytes() < store.usedBytes(counting: true), "what others bring is seen when it is counted anew")
  }

  @Test func contentIsReadWhileItArrives() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ModuleStore(folder: folder)
    let file = try store.begin()
    try file.append(ByteBuffer(string: "first "))
    #expect(String(buffer: try file.buffer(at: 0, count: 6)) == "first ")
    try file.append(ByteBuffer(string: "second"))
    try store.keep(file, header("example.test/a/@v/v1.0.0.mod", "first second"))
    #expect(String(buffer: try file.buffer(at: 6, count: 6)) == "second")
    #expect(try content("example.test/a/@v/v1.0.0.mod", in: store) == "first second")
  }

  @Test func whatFailsTakesNothingOfAnAllowance() throws {
    let memory = MemoryAllowance(10)
    #expect(throws: StorageError.self) { try memory.take(8) { () throws(StorageError) in throw StorageError("no") } }
    #expect(try memory.take(10) { () throws(StorageError) in })
    #expect(try !memory.take(1) { () throws(StorageError) in throw StorageError("it is not tried") })
  }

  @Test func whatFitsOnNoDiskStaysInMemory() throws {
    let memory = MemoryAllowance(10)
    let file = try IncomingFile(path: "/nowhere/there/is/no/such/folder/x", memory: memory)
    #expect(!file.isOnDisk)
    try file.append(ByteBuffer(string: "12345678"))
    #expect(String(buffer: try file.buffer(at: 2, count: 3)) == "345")
    #expect(throws: StorageError.self) { try file.append(ByteBuffer(string: "123")) }
    #expect(throws: StorageError.self) { try file.keep(header: [], as: "/tmp/x") }
  }
}
