import HTTP1
import HTTPMessage
import NIOCore

/// A whole message as a parser gave it out, for comparison.
struct ReadRequest: Equatable {
  var head: RequestHead
  var traits: HTTP1RequestTraits
  var body: String = ""
  var trailers: FieldSection?
  var isComplete = false
}

/// Reads all requests in `text`, fed in pieces of `pieceBytes`; throws the parser's error.
func readRequests(
  _ text: String, pieceBytes: Int = .max, limits: MessageLimits = .defaults
) throws(HTTP1Error) -> [ReadRequest] {
  var parser = HTTP1RequestParser(limits: limits, isSecure: false)
  var requests: [ReadRequest] = []
  for piece in pieces(of: Array(text.utf8), pieceBytes) {
    parser.receive(piece)
    while let part = try parser.next() {
      switch part {
      case .head(let head, let traits): requests.append(ReadRequest(head: head, traits: traits))
      case .body(let bytes): requests[requests.count - 1].body += String(buffer: bytes)
      case .end(let trailers):
        requests[requests.count - 1].trailers = trailers
        requests[requests.count - 1].isComplete = true
      }
    }
  }
  return requests
}

struct ReadResponse: Equatable {
  var interims: [Int] = []
  var head: ResponseHead?
  var keepsAlive = false
  var body = ""
  var trailers: FieldSection?
  var isComplete = false
}

/// Reads one response, fed in pieces of `pieceBytes`; `ends` says that the origin then closes.
func readResponse(
  _ text: String, to request: HTTP1RequestTraits = HTTP1RequestTraits(), pieceBytes: Int = .max, ends: Bool = false
) throws(HTTP1Error) -> ReadResponse {
  var parser = HTTP1ResponseParser()
  parser.expectResponse(to: request)
  var response = ReadResponse()
  func take(_ part: HTTP1ResponseParser.Part) {
    switch part {
    case .interim(let head): response.interims.append(head.status)
    case .head(let head, let keepsAlive):
      response.head = head
      response.keepsAlive = keepsAlive
    case .body(let bytes): response.body += String(buffer: bytes)
    case .end(let trailers):
      response.trailers = trailers
      response.isComplete = true
    }
  }
  for piece in pieces(of: Array(text.utf8), pieceBytes) {
    parser.receive(piece)
    while let part = try parser.next() { take(part) }
  }
  if ends, let part = try parser.receivedEnd() { take(part) }
  return response
}

func pieces(of bytes: [UInt8], _ pieceBytes: Int) -> [ByteBuffer] {
  stride(from: 0, to: bytes.count, by: min(pieceBytes, max(1, bytes.count))).map { start in
    ByteBuffer(bytes: bytes[start..<min(bytes.count, start + min(pieceBytes, bytes.count))])
  }
}
