import Testing

/// The cores have no IO, no clock and no tasks: time and bytes are handed in, so tests step them with a virtual clock.
@Suite struct SansIOTests {
  private static let modules: Set<String> = [
    "Events", "HTTPMessage", "Exchange", "QUICTransport", "HTTP1", "HTTP2", "HTTP3", "Wires", "Gateway", "ModuleProxy",
    "LinkEmulator",
  ]

  private static let timeIsHandedIn = "time is handed in"

  /// What must not stand in their code, and why.
  private static let bans: [(pattern: String, reason: String)] = [
    (#"\bTask\s*(\.detached\s*)?(\(|\{|<)"#, "a task on the data path costs a hop and loses the order"),
    (#"\bawait\b|\basync\b"#, "a core answers at once; whoever waits stands outside"),
    (#"\b(ContinuousClock|SuspendingClock|DispatchTime|Date)\b"#, timeIsHandedIn),
    (#"NIODeadline\.now|(^|[^\w)\]])\.now\(\)|\bclock_gettime\b|\bgettimeofday\b|\btime\(nil\)"#, timeIsHandedIn),
    (#"\b(usleep|nanosleep|sleep)\("#, "nothing waits"),
    (#"\b(socket|sendmsg|recvmsg|sendto|recvfrom|setsockopt)\("#, "sockets belong to Network"),
    (#"\b(DispatchQueue|Thread|NSLock|pthread_\w+)\b"#, "an object lives on one loop; nothing is locked"),
    (#"\bscheduleTask\(|\bscheduleRepeatedTask\("#, "timers belong to Network; a core says its deadline"),
    (#"\bprint\(|\bfputs\("#, "what happens is told as an event"),
  ]

  @Test func coresTouchNothingOutside() throws {
    for ban in Self.bans {
      let pattern = try Regex(ban.pattern).wordBoundaryKind(.simple)
      for file in SourceTree.package.sources where Self.modules.contains(file.module) {
        // The adapters are handed a clock as a closure, with the real one as default.
        if file.path == "Sources/Wires/WireContext.swift", ban.reason == Self.timeIsHandedIn { continue }
        for place in file.places(matching: { $0.contains(pattern) }) { Issue.record("\(place): \(ban.reason)") }
      }
    }
  }

  @Test func everyBanMatchesWhatItIsFor() throws {
    let samples = [
      "Task { }", "await x()", "ContinuousClock.now", "let t = NIODeadline.now()", "usleep(1)", "socket(AF_INET, 0, 0)",
      "DispatchQueue.main", "loop.scheduleTask(in: x)",
      "print(x)",
    ]
    for (ban, sample) in zip(Self.bans, samples) {
      #expect(sample.contains(try Regex(ban.pattern).wordBoundaryKind(.simple)), "\(sample)")
    }
  }
}
