import Glibc

/// How soon this process gets a processor.
enum Urgency {
  /// Before every ordinary process, as a wire needs no processor of the machines at its ends. What the ends do on a busy machine
  /// would make the link late otherwise.
  static func raise() throws(SystemError) {
    var parameters = sched_param(sched_priority: 1)
    guard unsafe sched_setscheduler(0, SCHED_FIFO, &parameters) == 0 else {
      throw SystemError("the link runs without priority and may be late on a busy machine")
    }
  }
}
