import Gateway
import HTTPMessage
import Testing

@Suite struct IdempotentMethodsTests {
  private func grpc(_ path: String, type: String = "application/grpc") -> RequestHead {
    RequestHead(method: "POST", authority: "a", path: path, fields: ["content-type": "\(type)"], bodyLength: .unknown)
  }

  @Test func safeMethodsAlways() throws {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
      #expect(IdempotentMethods.safe.include(RequestHead(method: method, authority: "a", path: "/")))
    }
    for method in ["POST", "PUT", "DELETE", "get", "CONNECT", ""] {
      #expect(!IdempotentMethods.safe.include(RequestHead(method: method, authority: "a", path: "/")))
    }
  }

  @Test func listedMethodsAndServices() throws {
    let methods = try IdempotentMethods(["/shop.Prices/Get", "/shop.Stock/*"])
    #expect(methods.include(grpc("/shop.Prices/Get")))
    #expect(methods.include(grpc("/shop.Stock/Count", type: "application/grpc+proto")))
    for path in ["/shop.Prices/Set", "/shop.Prices/Get/", "/shop.Prices/GetAll", "/shop.Stock/", "/shop.Stock/a/b", "/shop.Stock", "/", ""] {
      #expect(!methods.include(grpc(path)), "\(path)")
    }
    #expect(!methods.include(grpc("/shop.Prices/Get", type: "application/json")))
  }

  @Test(arguments: ["", "/", "shop.Prices/Get", "/shop.Prices", "/shop.Prices/", "//Get", "/a/b/c", "/a/*b", "/*/*", "/a b/c", "/ä/c"])
  func whatNamesNoMethodIsRefused(pattern: String) {
    #expect(throws: IdempotentMethods.Malformed.self) { try IdempotentMethods([pattern]) }
  }
}
