public import HTTPMessage

/// Which requests an origin may get twice without harm: those with safe methods (RFC 9110 §9.2.1), and the gRPC methods that the
/// configuration lists. They may leave as early data (RFC 8470 §4) and be repeated when their connection is lost.
public struct IdempotentMethods: Sendable, Equatable {
  /// `/package.Service/Method`.
  private var methods: Set<ArraySlice<UInt8>> = []
  /// `/package.Service/`, for all methods of a service.
  private var services: Set<ArraySlice<UInt8>> = []

  /// Safe methods alone.
  public static let safe = IdempotentMethods()

  private init() {}

  /// - Parameter patterns: `/package.Service/Method` or `/package.Service/*`.
  /// - Throws: the first that is neither.
  public init(_ patterns: [String]) throws(Malformed) {
    for pattern in patterns {
      let bytes = Array(pattern.utf8)
      guard let slash = Self.methodStart(bytes[...]), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw Malformed(pattern: pattern)
      }
      if pattern.hasSuffix("/*"), !bytes[..<slash].contains(UInt8(ascii: "*")) {
        services.insert(bytes[..<slash])
      } else if !bytes.contains(UInt8(ascii: "*")) {
        methods.insert(bytes[...])
      } else {
        throw Malformed(pattern: pattern)
      }
    }
  }

  /// A text that names no gRPC method.
  public struct Malformed: Error, Equatable {
    public let pattern: String
  }

  public func include(_ head: RequestHead) -> Bool {
    if head.isSafe { return true }
    guard !methods.isEmpty || !services.isEmpty, head.isGRPC, let path = head.path else { return false }
    if methods.contains(path) { return true }
    guard let start = Self.methodStart(path) else { return false }
    return services.contains(path[..<start])
  }

  /// The index behind the second slash of `/service/method`, if there is just that.
  private static func methodStart(_ path: ArraySlice<UInt8>) -> Int? {
    let slash = UInt8(ascii: "/")
    guard path.first == slash, let second = path.dropFirst().firstIndex(of: slash), second > path.startIndex + 1,
      second < path.endIndex - 1, !path[(second + 1)...].contains(slash)
    else { return nil }
    return second + 1
  }
}
