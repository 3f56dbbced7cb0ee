import Glibc
import Observability
import Testing

@Suite struct StandardStreamTests {
  @Test func `lines reach the descriptor whole`() throws {
    let pipe = try NonBlockingPipe()
    let stream = StandardStream(fileDescriptor: pipe.writeEnd)
    stream.write(Array("one\n".utf8))
    stream.write(Array("two\n".utf8))
    #expect(pipe.readAll() == "one\ntwo\n")
  }

  @Test func `a reader that is too slow loses lines and is told how many writes`() throws {
    let pipe = try NonBlockingPipe()
    let stream = StandardStream(fileDescriptor: pipe.writeEnd)
    let line = Array((String(repeating: "x", count: 1_023) + "\n").utf8)
    for _ in 0..<200 { stream.write(line) }
    let taken = pipe.readAll().utf8.count / line.count
    stream.write(Array("after\n".utf8))
    #expect(pipe.readAll() == "quicgw: \(200 - taken) writes of the log were lost, their reader was too slow\nafter\n")
  }

  @Test func `what is said about a loss does not run into half a line`() throws {
    let pipe = try NonBlockingPipe()
    let stream = StandardStream(fileDescriptor: pipe.writeEnd)
    // More than any pipe holds: a part of it is written.
    stream.write([UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20) + [UInt8(ascii: "\n")])
    #expect(pipe.readAll().allSatisfy { $0 == "x" })
    stream.write(Array("after\n".utf8))
    #expect(pipe.readAll() == "\nquicgw: 1 writes of the log were lost, their reader was too slow\nafter\n")
  }

  @Test func `a descriptor that is closed does no harm`() {
    StandardStream(fileDescriptor: -1).write(Array("x\n".utf8))
  }
}

/// A pipe whose ends never wait.
private final class NonBlockingPipe {
  private let readEnd: Int32
  let writeEnd: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { try #require(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func readAll() -> String {
    var bytes = [UInt8](repeating: 0, count: 8 << 20)
    var filled = 0
    while true {
      let count = bytes.withUnsafeMutableBytes { read(readEnd, $0.baseAddress! + filled, $0.count - filled) }
      guard count > 0 else { break }
      filled += count
    }
    return String(decoding: bytes.prefix(filled), as: UTF8.self)
  }
}
