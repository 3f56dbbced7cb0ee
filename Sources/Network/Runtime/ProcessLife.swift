import Observability
import QUICTransport
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

  var certificates: [CertificateExpiry] { state.withLock { $0.certificates } }

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

extension CertificateExpiry {
  /// The leaf of a context, by its name.
  init(_ context: TLSContext) {
    self.init(name: context.certificate.names.first ?? "leaf", expiry: WallTime(seconds: context.certificate.expiry))
  }
}

/// Waits until a condition holds, or for as long as it may.
func wait(atMost limit: Duration, until isOver: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !isOver(), ContinuousClock.now < deadline {
    try await Task.sleep(for: .milliseconds(25))
  }
}
