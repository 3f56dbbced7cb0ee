import Crypto
import Foundation
import HTTPMessage
import NIOCore

/// The demo's requests for Go modules over HTTP/1.1, as the go command sends them; every body is compared with what the origin
/// was given.
struct DemoModuleSteps {
  let client: DemoClient
  let identity: String
  let modules: [GoModule]

  func run(_ report: inout DemoReport) async {
    guard let small = modules.first, let large = modules.max(by: { $0.zip.readableBytes < $1.zip.readableBytes }) else { return }
    let versions = modules.filter { $0.path == small.path }.map(\.version).sorted()
    let list = ByteBuffer(string: versions.joined(separator: "\n") + "\n")
    await report.run("Go module: list of versions") { try await get("/\(small.path)/@v/list", expecting: list) }
    await report.run("Go module: .info") { try await get(file(small, "info"), expecting: small.info) }
    await report.run("Go module: .mod") { try await get(file(small, "mod"), expecting: small.mod) }
    await report.run("Go module: .zip, SHA-256 equal") { try await get(file(small, "zip"), expecting: small.zip) }
    await report.run("Go module: .zip of 20 MB, SHA-256 equal") { try await get(file(large, "zip"), expecting: large.zip) }
    await report.run("HEAD of that zip: its length, no body") {
      try await head(file(large, "zip"), expecting: large.zip.readableBytes)
    }
    await report.run("a module that is not there: 404") { try await missing() }
    await report.run("an edge's name that a client forged: replaced") {
      try await get(file(small, "info"), fields: ["quicgw-edge": "forged.example.com"], expecting: small.info)
    }
  }

  private func file(_ module: GoModule, _ kind: String) -> String { "/\(module.path)/@v/\(module.version).\(kind)" }

  private func get(
    _ path: String, fields: FieldSection = FieldSection(), expecting content: ByteBuffer
  ) async throws -> Crossing {
    let answer = try await client.fetch("GET", path, fields: fields)
    let crossing = try Crossing(answer.head, wire: client.wire, identity: identity, byteCount: answer.byteCount)
    guard answer.head.status == 200 else { throw CommandError.failure("status \(answer.head.status)") }
    guard answer.byteCount == content.readableBytes, answer.digest == SHA256.hash(data: Data(content.readableBytesView)) else {
      throw CommandError.failure("\(answer.byteCount) bytes came that are not the \(content.readableBytes) that were sent")
    }
    return crossing
  }

  private func head(_ path: String, expecting byteCount: Int) async throws -> Crossing {
    let answer = try await client.fetch("HEAD", path)
    let crossing = try Crossing(answer.head, wire: client.wire, identity: identity, byteCount: answer.byteCount)
    guard answer.head.status == 200, answer.byteCount == 0, answer.head.fields.text(.contentLength) == String(byteCount) else {
      let length = answer.head.fields.text(.contentLength) ?? "none"
      throw CommandError.failure("status \(answer.head.status), content-length \(length), \(answer.byteCount) bytes of content")
    }
    return crossing
  }

  private func missing() async throws -> Crossing {
    let answer = try await client.fetch("GET", "/demo.quicgw.test/none/@v/list")
    let crossing = try Crossing(answer.head, wire: client.wire, identity: identity, byteCount: answer.byteCount)
    guard answer.head.status == 404, answer.body.map({ String(buffer: $0) })?.hasPrefix("not found") == true else {
      throw CommandError.failure("status \(answer.head.status), \(answer.byteCount) bytes that are not the origin's words")
    }
    return crossing
  }
}
