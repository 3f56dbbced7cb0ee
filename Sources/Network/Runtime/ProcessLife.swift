import HTTPMessage
import Observability
import QUICTransport
import Synchronization

/// Whether a process should be sent requests, as its admin pages tell; written by the runtime, read by the admin loop.
final class ProcessLife: Sendable {
  private let startTime = WallTime.now()
  private let onChange: (@Sendable (Readiness) -> Void)?
  private let state: Mutex<State>

  /// - Parameter onChange: told of every change of readiness.
  init(certificates: [CertificateExpiry], onChange: (@Sendable (Readiness) -> Void)?) {
    self.onChange = onChange
    state = Mutex(State(certificates: certificates))
  }

  var readiness: Readiness { state.withLock { $0.readiness } }

  func facts(of process: ProcessOptions) -> ProcessFacts {
    ProcessFacts(
      role: process.role, version: process.version, instance: Hexadecimal.text(process.instance),
      startTime: startTime, certificates: state.withLock { $0.certificates })
  }

  var certificates: [CertificateExpiry] { state.withLock { $0.certificates } }

  func becameReady() { change { $0.isReady = true } }

  /// - Parameter reason: one sentence for `/readyz`.
  func becameUnready(_ reason: String) {
    change {
      $0.isReady = false
      $0.reason = reason
    }
  }

  func drainBegan() { change { $0.isDraining = true } }

  func renewed(certificates: [CertificateExpiry]) { state.withLock { $0.certificates = certificates } }

  private func change(_ change: (inout State) -> Void) {
    let changed = state.withLock { state -> Readiness? in
      let before = state.readiness
      change(&state)
      return state.readiness == before ? nil : state.readiness
    }
    if let changed { onChange?(changed) }
  }

  private struct State {
    var isReady = false
    var isDraining = false
    var reason = "starting"
    var certificates: [CertificateExpiry]

    var readiness: Readiness {
      if isDraining { return .notReady("draining") }
      return isReady ? .ready : .notReady(reason)
    }
  }
}

extension CertificateExpiry {
  /// The leaf of a context, by its name.
  init(_ context: TLSContext) {
    self.init(name: context.certificate.names.first ?? "leaf", expiry: WallTime(seconds: context.certificate.expiry))
  }
}

/// Waits until a condition holds, or for as long as it may; a task that is cancelled waits no more and goes on.
func wait(atMost limit: Duration, until isOver: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + limit
  while !Task.isCancelled, try await !isOver(), ContinuousClock.now < deadline {
    // Cancelled, it ends at once, and so does the loop.
    try? await Task.sleep(for: .milliseconds(25))
  }
}
