import Foundation
@testable import Network
import QUICTransport
import Testing

@Suite struct `The record of first flights` {
  @Test func `remembers for as long as a copy could be taken`() {
    var flights = RememberedFlights(capacity: 10)
    let life = Int64(TicketLifetime.replayableSeconds)
    #expect(flights.admit(flight(1), unixTime: 1000) == .new)
    #expect(flights.admit(flight(1), unixTime: 1000) == .seen)
    #expect(flights.admit(flight(1), unixTime: 1000 + life) == .seen)
    #expect(flights.admit(flight(1), unixTime: 1001 + life) == .new)
  }

  @Test func `takes nothing new when it is full, and forgets nothing for it`() {
    var flights = RememberedFlights(capacity: 2)
    #expect(flights.admit(flight(1), unixTime: 0) == .new)
    #expect(flights.admit(flight(2), unixTime: 0) == .new)
    #expect(flights.admit(flight(3), unixTime: 0) == .unrecorded)
    #expect(flights.admit(flight(1), unixTime: 0) == .seen)
    #expect(flights.admit(flight(3), unixTime: Int64(TicketLifetime.replayableSeconds) + 1) == .new)
  }

  @Test func `a clock that goes back shortens no memory`() {
    var flights = RememberedFlights(capacity: 10)
    #expect(flights.admit(flight(1), unixTime: 1_000_000) == .new)
    #expect(flights.admit(flight(2), unixTime: 10) == .new)
    #expect(flights.admit(flight(1), unixTime: 10) == .seen)
    #expect(flights.admit(flight(2), unixTime: 1_000_000) == .seen)
  }

  @Test func `survives the process, and says since when it is complete`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      do {
        let record = try FlightRecord(file: file, unixTime: 1000)
        #expect(record.beganAt == nil)
        for number in 0..<100 { #expect(record.admit(flight(number), unixTime: 1000) == .new) }
      }
      let record = try FlightRecord(file: file, unixTime: 2000)
      #expect(record.beganAt == 1001)
      for number in 0..<100 { #expect(record.admit(flight(number), unixTime: 2000) == .seen) }
      #expect(record.admit(flight(100), unixTime: 2000) == .new)
      let attributes = try FileManager.default.attributesOfItem(atPath: file)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func `an entry that was half written does no harm`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      do {
        let record = try FlightRecord(file: file, unixTime: 1000)
        for number in 0..<3 { #expect(record.admit(flight(number), unixTime: 1000) == .new) }
      }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
      try handle.truncate(atOffset: try handle.seekToEnd() - 7)
      try handle.close()
      do {
        let record = try FlightRecord(file: file, unixTime: 2000)
        #expect(record.admit(flight(1), unixTime: 2000) == .seen)
        #expect(record.admit(flight(2), unixTime: 2000) == .new)
      }
      let record = try FlightRecord(file: file, unixTime: 3000)
      #expect(record.admit(flight(2), unixTime: 3000) == .seen)
    }
  }

  @Test func `what is no record begins a new one`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      try Data(repeating: 0x41, count: 1000).write(to: URL(fileURLWithPath: file))
      let record = try FlightRecord(file: file, unixTime: 1000)
      #expect(record.beganAt == nil)
      #expect(record.admit(flight(1), unixTime: 1000) == .new)
    }
  }

  @Test func `another run of the machine begins a new one`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      do { _ = try FlightRecord(file: file, unixTime: 1000).admit(flight(1), unixTime: 1000) }
      var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      // Inside the identifier of the run.
      bytes[30] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
      #expect(try FlightRecord(file: file, unixTime: 2000).beganAt == nil)
    }
  }

  @Test func `is one process's at a time`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      let record = try FlightRecord(file: file, unixTime: 1000)
      #expect(throws: FileTrouble.self) { _ = try FlightRecord(file: file, unixTime: 1000) }
      #expect(record.admit(flight(1), unixTime: 1000) == .new)
    }
  }

  @Test func `what is forgotten leaves the file`() throws {
    try inFolder { folder in
      let file = "\(folder)/flights"
      let life = Int64(TicketLifetime.replayableSeconds)
      do {
        let record = try FlightRecord(file: file, unixTime: 0)
        for number in 0..<100_000 { #expect(record.admit(flight(number), unixTime: 0) == .new) }
        for number in 100_000..<100_002 { #expect(record.admit(flight(number), unixTime: life + 1) == .new) }
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)).count < 1000)
      let record = try FlightRecord(file: file, unixTime: life + 2)
      #expect(record.admit(flight(100_001), unixTime: life + 2) == .seen)
    }
  }

  @Test func `loops that ask at once are told once that a flight is new`() async throws {
    let record = FlightRecord()
    let news = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<5000).reduce(0) { record.admit(flight($1), unixTime: 0) == .new ? $0 + 1 : $0 } }
      }
      return await group.reduce(0, +)
    }
    #expect(news == 5000)
  }
}

private func flight(_ number: Int) -> FlightIdentifier { FlightIdentifier(high: UInt64(number), low: ~UInt64(number)) }

private func inFolder(_ body: (String) throws -> Void) throws {
  let folder = NSTemporaryDirectory() + "quicgw-flights-\(UInt64.random(in: 0 ... .max))"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}
