import Crypto

/// That a record stands in a transparent log, shown from tiles of hashes (https://research.swtch.com/tlog, RFC 6962 §2.1).
///
/// Whoever passed the tiles on need not be trusted: the root that they lead to must be the one that the log has signed.
struct TreeProof {
  let index: Int
  let treeSize: Int

  /// - Returns: nil if the log has no such record.
  init?(index: Int, treeSize: Int) {
    guard index >= 0, index < treeSize, treeSize <= 1 << 48 else { return nil }
    (self.index, self.treeSize) = (index, treeSize)
  }

  /// The tiles that the proof is made of.
  var tiles: [Tile] {
    var found: [Tile] = []
    _ = root(of: [], in: 0..<treeSize) { tile, _, _ in
      if !found.contains(tile) { found.append(tile) }
      return []
    }
    return found
  }

  /// The root of the tree if the record is `text` and the tiles are right.
  /// - Parameter content: of each of `tiles`, at least as wide as it says; nil if one is missing.
  func root(record text: some Sequence<UInt8>, content: (Tile) -> [UInt8]?) -> [UInt8]? {
    var isWhole = true
    let root = root(of: Self.leaf(text), in: 0..<treeSize) { tile, first, count in
      guard let bytes = content(tile), bytes.count >= (first + count) * Self.hashBytes else {
        isWhole = false
        return []
      }
      let hashes = (first..<first + count).map { Array(bytes[$0 * Self.hashBytes..<($0 + 1) * Self.hashBytes]) }
      return Self.joined(hashes)
    }
    return isWhole ? root : nil
  }

  /// - Parameter subtree: the hash over `count` hashes of a tile from `first` on, a power of two.
  private func root(of leaf: [UInt8], in range: Range<Int>, subtree: (Tile, Int, Int) -> [UInt8]) -> [UInt8] {
    guard range.count > 1 else { return leaf }
    let middle = range.lowerBound + Self.largestPower(below: range.count)
    if index < middle {
      let left = root(of: leaf, in: range.lowerBound..<middle, subtree: subtree)
      return Self.node(left, hash(of: middle..<range.upperBound, subtree: subtree))
    }
    let left = hash(of: range.lowerBound..<middle, subtree: subtree)
    return Self.node(left, root(of: leaf, in: middle..<range.upperBound, subtree: subtree))
  }

  private func hash(of range: Range<Int>, subtree: (Tile, Int, Int) -> [UInt8]) -> [UInt8] {
    guard range.count.nonzeroBitCount == 1 else {
      let middle = range.lowerBound + Self.largestPower(below: range.count)
      let left = hash(of: range.lowerBound..<middle, subtree: subtree)
      return Self.node(left, hash(of: middle..<range.upperBound, subtree: subtree))
    }
    let height = range.count.trailingZeroBitCount
    let level = height / Tile.height
    let first = range.lowerBound >> (level * Tile.height)
    let tile = Tile(level: level, index: first >> Tile.height, treeSize: treeSize)
    return subtree(tile, first & (Tile.fullWidth - 1), 1 << (height % Tile.height))
  }

  private static func joined(_ hashes: [[UInt8]]) -> [UInt8] {
    var row = hashes
    while row.count > 1 { row = stride(from: 0, to: row.count, by: 2).map { node(row[$0], row[$0 + 1]) } }
    return row.first ?? []
  }

  private static func largestPower(below count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }
  private static func leaf(_ text: some Sequence<UInt8>) -> [UInt8] { Array(SHA256.hash(data: [0] + Array(text))) }
  private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: [1] + left + right)) }
  private static let hashBytes = 32
}

/// A tile of hashes of a log: 256 of one level, fewer at its right edge.
struct Tile: Hashable, Sendable {
  let level: Int
  let index: Int
  let width: Int

  init(level: Int, index: Int, treeSize: Int) {
    self.level = level
    self.index = index
    width = min(Self.fullWidth, (treeSize >> (level * Self.height)) - index << Self.height)
  }

  private init(full tile: Tile) { (level, index, width) = (tile.level, tile.index, Self.fullWidth) }

  /// The same tile when it has been filled.
  var whole: Tile { Tile(full: self) }

  /// `tile/8/1/x001/234.p/17`
  var path: String {
    var groups: [String] = []
    var rest = index
    repeat {
      let digits = String(rest % 1000)
      groups.insert(String(repeating: "0", count: 3 - digits.count) + digits, at: 0)
      rest /= 1000
    } while rest > 0
    let name = groups.enumerated().map { $0.offset < groups.count - 1 ? "x\($0.element)" : $0.element }.joined(separator: "/")
    return "tile/\(Self.height)/\(level)/\(name)" + (width < Self.fullWidth ? ".p/\(width)" : "")
  }

  static let height = 8
  static let fullWidth = 256
}
