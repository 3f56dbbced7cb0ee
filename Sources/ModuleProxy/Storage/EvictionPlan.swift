/// Which entries go when there are too many: those that nobody has used for the longest time. A pure value.
struct EvictionPlan {
  private(set) var leaving: [FolderAccess.Found] = []
  private(set) var stayingBytes = 0

  /// - Parameters:
  ///   - quota: bytes that may stay; when there are more, room is made for a tenth of it too, so that not each new entry makes
  ///     some.
  ///   - oldest: what was used before goes in any case.
  ///   - sparing: names that stay whatever the quota says.
  init(files: [FolderAccess.Found], quota: Int, oldest: Int64, sparing: Set<String>) {
    let total = files.reduce(0) { $0 + $1.byteCount }
    let goal = total > quota ? quota - quota / 10 : quota
    stayingBytes = total
    for file in files.sorted(by: { ($0.usedAt, $0.name) < ($1.usedAt, $1.name) }) {
      guard stayingBytes > goal || file.usedAt < oldest else { break }
      guard !sparing.contains(file.name) else { continue }
      leaving.append(file)
      stayingBytes -= file.byteCount
    }
  }
}
