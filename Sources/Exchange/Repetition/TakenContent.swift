/// How much of a request's content was taken, over all that carry it one after another: its client hears of each byte once,
/// though each of them takes the content from its beginning.
public struct TakenContent: Sendable {
  private var toldBytes = 0
  private var takenByCarrier = 0

  public init() {}

  /// Another one carries the request from now on.
  /// - Parameter byteCount: what that one has taken already.
  public mutating func changedCarrier(taken byteCount: Int = 0) { takenByCarrier = byteCount }

  /// The one that carries the request has taken more.
  /// - Returns: bytes that the client has not heard of yet.
  public mutating func took(_ byteCount: Int) -> Int {
    takenByCarrier += byteCount
    return news(of: takenByCarrier)
  }

  /// One of several that carry the request side by side has taken so much in all.
  /// - Returns: bytes that the client has not heard of yet.
  public mutating func news(of byteCount: Int) -> Int {
    let news = max(0, byteCount - toldBytes)
    toldBytes += news
    return news
  }
}
