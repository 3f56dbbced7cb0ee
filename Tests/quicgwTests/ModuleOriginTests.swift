import Foundation
import NIOCore
import Testing

@testable import quicgw

@Suite("The demo's modules")
struct ModuleOriginTests {
  @Test("CRC-32 has the check value of its polynomial")
  func checksum() {
    #expect(CRC32.checksum(of: ByteBuffer(string: "123456789")) == 0xcbf4_3926)
    #expect(CRC32.checksum(of: ByteBuffer()) == 0)
  }

  @Test("A foreign reader finds the zip whole: names, contents and checksums")
  func zipIsValid() throws {
    let scratch = try Scratch()
    let module = GoModule(
      path: "demo.test/a", version: "v1.2.3",
      files: [("a.go", ByteBuffer(string: "package a\n")), ("sub/b.bin", GoModule.noise(byteCount: 70_001, seed: 7))])
    try Data(module.zip.readableBytesView).write(to: URL(fileURLWithPath: scratch.file("a.zip")))
    let script = """
      import sys, zipfile
      archive = zipfile.ZipFile(sys.argv[1])
      assert archive.testzip() is None
      print([(i.filename, i.file_size, oct(i.external_attr >> 16)) for i in archive.infolist()])
      print(archive.read("demo.test/a@v1.2.3/go.mod").decode().split("\\n")[0])
      """
    let read = try Command.run(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, scratch.file("a.zip")])
    #expect(read.status == 0, "\(read.errors)")
    #expect(
      read.output == """
        [('demo.test/a@v1.2.3/go.mod', 28, '0o100644'), ('demo.test/a@v1.2.3/a.go', 10, '0o100644'), \
        ('demo.test/a@v1.2.3/sub/b.bin', 70001, '0o100644')]
        module demo.test/a

        """)
  }

  @Test("Noise of one seed is the same everywhere, and of another seed another")
  func noise() {
    #expect(GoModule.noise(byteCount: 1_001, seed: 5) == GoModule.noise(byteCount: 1_001, seed: 5))
    #expect(GoModule.noise(byteCount: 1_001, seed: 5) != GoModule.noise(byteCount: 1_001, seed: 9))
    #expect(GoModule.noise(byteCount: 1_001, seed: 5).readableBytes == 1_001)
  }

  @Test("The catalogue has every path that the go command asks for")
  func catalogue() throws {
    let module = GoModule(path: "demo.test/a", version: "v1.2.3", files: [])
    let catalogue = ModuleOrigin.Catalogue([module, GoModule(path: "demo.test/a", version: "v1.3.0", files: [])])
    func body(_ path: String) -> String? { catalogue[Array(path.utf8)[...]].map { String(buffer: $0.content) } }
    #expect(body("/demo.test/a/@v/list") == "v1.2.3\nv1.3.0\n")
    #expect(body("/demo.test/a/@latest")?.contains("v1.3.0") == true)
    #expect(body("/demo.test/a/@v/v1.2.3.mod") == "module demo.test/a\n\ngo 1.21\n")
    #expect(body("/demo.test/a/@v/v1.2.3.info")?.contains("\"Version\":\"v1.2.3\"") == true)
    #expect(body("/demo.test/a/@v/v9.9.9.info") == nil)
    #expect(catalogue[Array("/demo.test/a/@v/v1.2.3.zip".utf8)[...]]?.content == module.zip)
  }
}
