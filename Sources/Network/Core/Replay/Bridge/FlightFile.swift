import DequeModule
import Glibc
import QUICTransport

/// Why a file cannot be used, in words for the operator.
struct FileTrouble: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// What the system says about the last call.
  static var system: FileTrouble { FileTrouble(unsafe String(cString: strerror(errno))) }
}

/// The file of a `FlightRecord`: a header, then 24 bytes for each flight in the order in which they came.
///
/// Open in one process at a time (`flock`); used under the record's lock.
final class FlightFile: @unchecked Sendable {
  // Unchecked because the record's lock is around every call.
  /// Since when every flight is in the file, in seconds of Unix time; nil when it was begun just now.
  let beganAt: Int64?
  private(set) var entryCount = 0
  private var descriptor: Int32
  private let path: String
  private var header: [UInt8]

  /// - Parameter take: is told of the entries that are in the file.
  init(path: String, unixTime: Int64, take: (RememberedFlights.Entry) -> Void) throws(FileTrouble) {
    self.path = path
    let bootID = try FlightFile.bootID()
    descriptor = try FlightFile.openLocked(path)
    // What cannot be read is no end: flights behind it would be forgotten, and taken again.
    let content = try FlightFile.read(descriptor)
    if let began = FlightFile.began(content, bootID: bootID), began <= unixTime + 1 {
      beganAt = began
      header = Array(content[..<FlightFile.headerBytes])
      var reader = BigEndianReader(content[FlightFile.headerBytes...])
      while reader.rest.count >= FlightFile.entryBytes, let seenAt = reader.takeUInt64(),
        let bytes = reader.take(FlightFile.entryBytes - 8) {
        entryCount += 1
        if let flight = FlightIdentifier(bytes) {
          take(RememberedFlights.Entry(flight: flight, seenAt: Int64(bitPattern: seenAt)))
        }
      }
      // An entry that was half written belongs to a flight that was not taken.
      _ = ftruncate(descriptor, FlightFile.headerBytes + entryCount * FlightFile.entryBytes)
      lseek(descriptor, 0, SEEK_END)
    } else {
      beganAt = nil
      // A process before this one, whose record is lost, may have given out tickets in this very second.
      header = FlightFile.magic + FlightFile.bytes(unixTime + 1) + bootID
      guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0, FlightFile.write(header, to: descriptor) else {
        throw .system
      }
    }
  }

  deinit { close(descriptor) }

  /// - Returns: false when it could not be written; then it is not in the file.
  func append(_ entry: RememberedFlights.Entry) -> Bool {
    guard FlightFile.write(FlightFile.bytes(entry), to: descriptor) else {
      _ = ftruncate(descriptor, FlightFile.headerBytes + entryCount * FlightFile.entryBytes)
      lseek(descriptor, 0, SEEK_END)
      return false
    }
    entryCount += 1
    return true
  }

  /// Leaves out what is forgotten.
  /// - Returns: false when that has failed; the file stays as it is, only longer.
  func rewrite(_ entries: Deque<RememberedFlights.Entry>) -> Bool {
    let new = path + ".new"
    guard let other = try? FlightFile.openLocked(new) else { return false }
    guard ftruncate(other, 0) == 0, FlightFile.write(header + entries.flatMap(FlightFile.bytes), to: other),
      unsafe rename(new, path) == 0
    else {
      unsafe unlink(new)
      close(other)
      return false
    }
    close(descriptor)
    descriptor = other
    entryCount = entries.count
    return true
  }

  private static func openLocked(_ path: String) throws(FileTrouble) -> Int32 {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let trouble = errno == EWOULDBLOCK ? FileTrouble("another process has it open; each core needs one of its own") : .system
      close(descriptor)
      throw trouble
    }
    return descriptor
  }

  private static func read(_ descriptor: Int32) throws(FileTrouble) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard content.count < maximumBytes else { throw FileTrouble("it is longer than \(maximumBytes >> 20) MiB; remove it") }
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system }
      guard count > 0 else { break }
      content += chunk[..<count]
    }
    return content
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return false }
    }
    return true
  }

  /// The run of the machine: what only the kernel knew is lost with it.
  private static func bootID() throws(FileTrouble) -> [UInt8] {
    let descriptor = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system }
    defer { close(descriptor) }
    let id = Array(try read(descriptor).prefix(bootIDBytes))
    guard id.count == bootIDBytes else { throw FileTrouble("the kernel tells no boot_id") }
    return id
  }

  private static func began(_ content: [UInt8], bootID: [UInt8]) -> Int64? {
    guard content.count >= headerBytes, content.starts(with: magic) else { return nil }
    guard content[(magic.count + 8)..<headerBytes].elementsEqual(bootID) else { return nil }
    var reader = BigEndianReader(content[magic.count...])
    return reader.takeUInt64().map { Int64(bitPattern: $0) }
  }

  private static func bytes(_ entry: RememberedFlights.Entry) -> [UInt8] { bytes(entry.seenAt) + entry.flight.bytes }

  private static func bytes(_ value: Int64) -> [UInt8] {
    var writer = BigEndianWriter()
    writer.append(UInt64(bitPattern: value))
    return writer.bytes
  }

  private static let magic: [UInt8] = Array("quicgw flights 1\n".utf8)
  private static let bootIDBytes = 36
  private static let headerBytes = magic.count + 8 + bootIDBytes
  private static let entryBytes = 24
  private static let maximumBytes = 64 << 20
}
