import Observability
import Synchronization

/// Whether a process should be sent requests, as its admin pages tell; written by the runtime, read by the admin loop.
final class ProcessLife: Sendable {
  private let startTime = WallTime.now()
  private let state: Mutex<State>

  init(certificates: [CertificateExpiry]) {
    state = Mutex(State(certificates: certificates))
  }

  var readiness: Readiness {
    state.withLock { state in
      if state.isDraining { return .notReady("draining") }
      return state.isReady ? .ready : .notReady(state.reason)
    }
  }

  func facts(of process: ProcessOptions) -> ProcessFacts {
    ProcessFacts(
      role: process.role, version: process.version, instance: process.instance.hexadecimal,
      startTime: startTime, certificates: state.withLock { $0.certificates })
  }

  func becameReady() { state.withLock { $0.isReady = true } }

  /// - Parameter reason: one sentence for `/readyz`.
  func becameUnready(_ reason: String) {
    state.withLock {
      $0.isReady = false
      $0.reason = reason
    }
  }

  func drainBegan() { state.withLock { $0.isDraining = true } }

  func renewed(certificates: [CertificateExpiry]) { state.withLock { $0.certificates = certificates } }

  private struct State {
    var isReady = false
    var isDraining = false
    var reason = "starting"
    var certificates: [CertificateExpiry]
  }
}

/// Waits until `count` is 0, or for as long as it may.
/// - Returns: the last count.
func waitUntilIdle(timeout: Duration, _ count: () async throws -> Int) async throws -> Int {
  let deadline = ContinuousClock.now + timeout
  while true {
    let open = try await count()
    guard open > 0, ContinuousClock.now < deadline else { return open }
    try await Task.sleep(for: .milliseconds(25))
  }
}
