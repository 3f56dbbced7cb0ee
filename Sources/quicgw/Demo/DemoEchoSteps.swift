import Crypto
import Foundation
import HTTPMessage
import NIOCore

/// The demo's requests that come back as they went: gRPC over HTTP/2 of every shape that an echo can have, and a POST.
struct DemoEchoSteps {
  /// Speaks HTTP/2 without TLS, as gRPC does.
  let grpc: DemoClient
  /// Speaks HTTP/1.1 to the same listener.
  let http1: DemoClient
  /// What the origin is told of the edge; `-` from an edge that is called, whose origin is told nothing.
  let identity: String

  func run(_ report: inout DemoReport) async {
    await report.run("POST of 5 MB, echoed while it comes") { try await post(byteCount: 5_000_000) }
    await report.run("gRPC unary call, binary metadata") { try await unary(byteCount: 12) }
    await report.run("gRPC unary call, message of 4 MB") { try await unary(byteCount: 4_000_000) }
    await report.run("gRPC stream both ways: 100 messages, in turns") { try await chat(turns: 100, byteCount: 1_000) }
    await report.run("gRPC: 200 calls at once") { try await unaryCalls(count: 200) }
    await report.run("gRPC method that is not there: UNIMPLEMENTED") { try await unimplemented() }
  }

  /// The same origin, called at the edge by clients in the cloud.
  func runFromTheCloud(_ report: inout DemoReport) async {
    await report.run("from the cloud to the edge: POST of 5 MB") { try await post(byteCount: 5_000_000) }
    await report.run("from the cloud to the edge: gRPC, 100 turns") { try await chat(turns: 100, byteCount: 1_000) }
    await report.run("from the cloud to the edge: 200 calls at once") { try await unaryCalls(count: 200) }
  }

  private func post(byteCount: Int) async throws -> Crossing {
    let content = GoModule.noise(byteCount: byteCount, seed: 0x5bd1_e995)
    let answer = try await http1.fetch("POST", "/", fields: ["content-length": String(byteCount)], body: content)
    let crossing = try Crossing(answer.head, wire: http1.wire, identity: identity, byteCount: answer.byteCount)
    guard answer.head.status == 200, answer.digest == SHA256.hash(data: Data(content.readableBytesView)) else {
      throw CommandError.failure("status \(answer.head.status); \(answer.byteCount) bytes came back that are not those that went")
    }
    return crossing
  }

  private func unary(byteCount: Int) async throws -> Crossing {
    let message = Self.message(GoModule.noise(byteCount: byteCount, seed: UInt64(byteCount)))
    var fields = Self.callFields
    fields.append("echo-token-bin", "AAECA/8")
    let answer = try await grpc.fetch("POST", Self.path("Unary"), fields: fields, body: message, bodyLength: .unknown)
    let crossing = try crossing(answer)
    guard answer.digest == SHA256.hash(data: Data(message.readableBytesView)) else {
      throw CommandError.failure("\(answer.byteCount) bytes came back that are not the \(message.readableBytes) that went")
    }
    guard answer.head.fields.text("echo-token-bin") == "AAECA/8" else {
      throw CommandError.failure("the metadata did not come back")
    }
    return crossing
  }

  /// Sends a message only when the one before has come back: nothing may be held back on the way.
  private func chat(turns: Int, byteCount: Int) async throws -> Crossing {
    let exchange = try await grpc.open("POST", Self.path("Chat"), fields: Self.callFields, bodyLength: .unknown)
    var reader = DemoAnswerReader()
    var turn = 0
    var expected = Self.message(GoModule.noise(byteCount: byteCount, seed: 1))
    exchange.send(expected)
    for await event in exchange.answers {
      try reader.read(event)
      guard case .body(var chunk) = event else { continue }
      while let came = chunk.readSlice(length: min(chunk.readableBytes, expected.readableBytes)), came.readableBytes > 0 {
        guard expected.readSlice(length: came.readableBytes) == came else {
          throw CommandError.failure("message \(turn + 1) came back changed")
        }
        guard expected.readableBytes == 0 else { continue }
        turn += 1
        if turn == turns {
          exchange.finish()
        } else {
          expected = Self.message(GoModule.noise(byteCount: byteCount, seed: UInt64(turn + 1)))
          exchange.send(expected)
        }
      }
    }
    guard turn == turns else { throw CommandError.failure("\(turn) of \(turns) messages came back") }
    return try crossing(reader.finish())
  }

  private func unaryCalls(count: Int) async throws -> Crossing {
    let crossings = try await withThrowingTaskGroup(of: Crossing.self) { group in
      for index in 0..<count { group.addTask { try await unary(byteCount: 100 + index) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    guard let one = crossings.first else { throw CommandError.failure("no call was made") }
    return one.summingBytes(of: crossings)
  }

  private func unimplemented() async throws -> Crossing {
    let answer = try await grpc.fetch("POST", Self.path("Nothing"), fields: Self.callFields, body: Self.message(ByteBuffer()))
    let crossing = try Crossing(answer.head, wire: grpc.wire, identity: identity, status: "200, 12", byteCount: answer.byteCount)
    guard answer.grpcStatus == "12" else { throw CommandError.failure("gRPC status \(answer.grpcStatus ?? "none"), not 12") }
    return crossing
  }

  private func crossing(_ answer: DemoAnswer) throws -> Crossing {
    let crossing = try Crossing(answer.head, wire: grpc.wire, identity: identity, status: "200, OK", byteCount: answer.byteCount)
    guard answer.head.status == 200, answer.trailers?.text(.grpcStatus) == "0" else {
      throw CommandError.failure("status \(answer.head.status), gRPC status \(answer.grpcStatus ?? "none")")
    }
    return crossing
  }

  private static func path(_ method: String) -> String { "/quicgw.demo.Echo/\(method)" }

  /// A gRPC message: not compressed, its length, its bytes.
  private static func message(_ content: ByteBuffer) -> ByteBuffer {
    var message = ByteBuffer()
    message.writeInteger(UInt8(0))
    message.writeInteger(UInt32(content.readableBytes))
    message.writeImmutableBuffer(content)
    return message
  }

  private static let callFields: FieldSection = ["content-type": "application/grpc", "te": "trailers"]
}
