import Exchange
import HTTPMessage
import NIOCore

/// A Go module proxy that holds a few modules in memory; `GOPROXY=http://…` may point to it.
final class ModuleOrigin: ExchangeHandler {
  private let turn: LoopTurn
  private let catalogue: Catalogue

  init(turn: LoopTurn, catalogue: Catalogue) {
    self.turn = turn
    self.catalogue = catalogue
  }

  func open(_ request: ExchangeRequest, respondingTo sink: any ResponseSink) -> any RequestSink {
    let isGet = request.head.method.elementsEqual("GET".utf8)
    let resource: Catalogue.Resource
    let status: Int
    if !isGet, !request.head.isHead {
      (status, resource) = (405, Self.text("only GET and HEAD are served here\n"))
    } else if let found = request.head.path.flatMap({ catalogue[$0] }) {
      (status, resource) = (200, found)
    } else {
      // The go command shows a body of this type to its user.
      (status, resource) = (404, Self.text("not found: this proxy holds the modules of the demo only\n"))
    }
    var fields = FieldSection()
    fields.append(.contentType, resource.contentType)
    fields.append(.contentLength, String(resource.content.readableBytes))
    if status == 405 { fields.append("allow", "GET, HEAD") }
    OriginSight.append(to: &fields, of: request)
    let body = request.head.isHead ? ByteBuffer() : resource.content
    let length: BodyLength = body.readableBytes == 0 ? .none : .known(UInt64(body.readableBytes))
    return BufferedAnswer(ResponseHead(status: status, fields: fields, bodyLength: length), body: body, to: sink, turn: turn)
  }

  private static func text(_ text: String) -> Catalogue.Resource {
    Catalogue.Resource(contentType: "text/plain; charset=utf-8", content: ByteBuffer(string: text))
  }
}

extension ModuleOrigin {
  /// Every path of the proxy and what is there; shared by all loops.
  struct Catalogue: Sendable {
    /// A body and its type.
    struct Resource: Sendable {
      let contentType: String
      let content: ByteBuffer
    }

    private var resources: [ArraySlice<UInt8>: Resource] = [:]

    init(_ modules: [GoModule]) {
      for module in modules {
        let folder = "/\(module.path)/@v/"
        add(folder + "\(module.version).info", "application/json", module.info)
        add(folder + "\(module.version).mod", "text/plain; charset=utf-8", module.mod)
        add(folder + "\(module.version).zip", "application/zip", module.zip)
      }
      for (path, versions) in Dictionary(grouping: modules, by: \.path) {
        let list = versions.map(\.version).sorted().joined(separator: "\n") + "\n"
        add("/\(path)/@v/list", "text/plain; charset=utf-8", ByteBuffer(string: list))
        if let latest = versions.max(by: { $0.version < $1.version }) { add("/\(path)/@latest", "application/json", latest.info) }
      }
      let index = modules.map { "\($0.path) \($0.version)\n" }.joined()
      add("/", "text/plain; charset=utf-8", ByteBuffer(string: index))
    }

    subscript(path: ArraySlice<UInt8>) -> Resource? { resources[path] }

    private mutating func add(_ path: String, _ contentType: String, _ content: ByteBuffer) {
      resources[Array(path.utf8)[...]] = Resource(contentType: contentType, content: content)
    }
  }
}
