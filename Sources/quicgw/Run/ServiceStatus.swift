import Observability

/// What the service manager is told about readiness: READY once, when requests can be served for the first time, and from then on
/// a status that follows. A pure value.
struct ServiceStatus {
  /// Whether the manager was told that the process is ready, which cannot be taken back.
  private(set) var wasReady = false
  private var status = "starting"
  private let readyStatus: String

  /// - Parameter readyStatus: what the process does while it is ready.
  init(readyStatus: String) {
    self.readyStatus = readyStatus
  }

  /// - Returns: what to tell the manager of a change.
  mutating func change(to readiness: Readiness) -> ServiceMessage {
    switch readiness {
    case .ready:
      status = readyStatus
      guard !wasReady else { return .status(status) }
      wasReady = true
      return .ready(status: status)
    case .notReady(let reason):
      status = reason
      return .status(status)
    }
  }

  /// The end of a reload; nil for a process that was not ready before and must not seem so by it.
  var reloaded: ServiceMessage? { wasReady ? .ready(status: status) : nil }
}
