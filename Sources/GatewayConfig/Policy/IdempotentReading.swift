import Gateway

extension Value {
  /// `idempotent`: one gRPC method, or a list of them.
  func idempotentMethods() throws(ConfigurationError) -> IdempotentMethods {
    var patterns: [String] = []
    for element in try listOrOne() {
      let pattern = try element.text()
      guard (try? IdempotentMethods([pattern])) != nil else {
        throw element.error(
          "“\(pattern)” names no gRPC method",
          "write \"/package.Service/Method\", or \"/package.Service/*\" for all of a service")
      }
      patterns.append(pattern)
    }
    return (try? IdempotentMethods(patterns)) ?? .safe
  }
}
