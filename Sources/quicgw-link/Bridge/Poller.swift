import CSocket
import Glibc

/// Waits for descriptors and for a time.
struct Poller {
  private let timer: Int32
  private var timerIsFor: UInt64?
  private var polled: [pollfd] = []
  /// When the process last waited for something.
  private var restedAt = Self.now()

  /// A link at the end of its strength would keep a processor to itself until the kernel takes it away for the twentieth part of
  /// a second, so that others do not starve. It gives as much of its own accord, in pieces that nobody notices.
  private static let work: UInt64 = 5_000_000
  private static let rest = timespec(tv_sec: 0, tv_nsec: 300_000)
  /// A poll that takes longer has waited.
  private static let pollTime: UInt64 = 20_000

  init() throws(SystemError) {
    timer = csocket_timer_open()
    guard timer >= 0 else { throw SystemError("no timer can be made") }
  }

  /// Returns when one of the descriptors is readable or has failed, or when the time has come; at once when that is past.
  /// - Returns: for each of the descriptors whether it is readable or has failed.
  mutating func wait(for descriptors: [Int32], until deadline: UInt64?) throws(SystemError) -> [Bool] {
    var isDue = false
    if let deadline {
      isDue = deadline <= Self.now()
      if !isDue, timerIsFor != deadline {
        csocket_timer_set(timer, deadline)
        timerIsFor = deadline
      }
    }
    polled.removeAll(keepingCapacity: true)
    for descriptor in descriptors { polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
    if deadline != nil { polled.append(pollfd(fd: timer, events: Int16(POLLIN), revents: 0)) }
    let begin = Self.now()
    while unsafe poll(&polled, nfds_t(polled.count), isDue ? 0 : -1) < 0 {
      guard errno == EINTR else { throw SystemError("the link cannot wait for its devices") }
    }
    rest(after: begin)
    return polled.prefix(descriptors.count).map { $0.revents != 0 }
  }

  private mutating func rest(after begin: UInt64) {
    let now = Self.now()
    if now - begin > Self.pollTime {
      restedAt = now
    } else if now - restedAt > Self.work {
      unsafe nanosleep([Self.rest], nil)
      restedAt = Self.now()
    }
  }

  /// Nanoseconds of the monotonic clock.
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
