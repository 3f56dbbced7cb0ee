import Events
import Foundation
import GatewayConfig
import Logging
import Network
import Observability
import QUICTransport
import UnixSignals

/// The life of a server or edge process: started, reloaded as often as wanted, drained.
struct ProcessLifecycle<End: LinkEnd>: Sendable {
  typealias Load = @Sendable () throws -> Checked<End.Configuration>

  private let end: End
  private let load: Load
  private let configurationFile: String?
  private let logger: Logger
  private let notifier = ServiceNotifier()

  /// Runs until a signal ends it.
  /// - Parameters:
  ///   - configurationFile: watched for changes, with the files of the certificates.
  ///   - load: reads and checks file and flags; called again at each reload.
  static func run(configurationFile: String?, load: @escaping Load) async throws {
    // Signals that arrive while addresses are being bound wait here.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigpipe)
    let checked = try load()
    let settings = Observability.LogSettings(checked.configuration.process.log)
    let logger = Logger(label: "quicgw") { _ in LineLogHandler(settings: settings) }
    for warning in checked.warnings { logger.warning("\(warning)") }
    let life = ProcessLifecycle(
      end: try await start(checked.configuration), load: load, configurationFile: configurationFile, logger: logger)
    try await life.run(checked.configuration, signals)
  }

  private static func start(_ configuration: End.Configuration) async throws -> End {
    do {
      return try await End.start(configuration)
    } catch let error as TLSContextError {
      throw CommandError.configuration("\(configuration.credentials.files.certificate): \(error)")
    } catch let error where !(error is CommandError) {
      throw CommandError.failure("\(error)")
    }
  }

  private func run(_ initial: End.Configuration, _ signals: UnixSignalsSequence) async throws {
    let (occasions, occasion) = AsyncStream.makeStream(of: Occasion.self)
    var current = initial
    var isDraining = false
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { for await signal in signals { occasion.yield(.signal(signal)) } }
      tasks.addTask { try await watch(initial, occasion) }
      tasks.addTask { try await feedWatchdog() }
      tell(.ready(status: "serving"))
      StartupMemory.release()
      for await next in occasions {
        switch next {
        case .signal(.sigpipe):
          break
        case .signal(.sighup), .filesChanged:
          if !isDraining { current = await reload(from: current) }
        case .signal:
          guard !isDraining else { throw CommandError.failure("a second signal: ended without waiting for what was open") }
          isDraining = true
          tell(.stopping(status: "draining"))
          tasks.addTask {
            try await end.drain()
            occasion.yield(.drained)
          }
        case .drained:
          tasks.cancelAll()
          return
        }
      }
    }
  }

  /// Reads everything again and swaps it in; a mistake changes nothing and is logged.
  private func reload(from current: End.Configuration) async -> End.Configuration {
    tell(ServiceNotifier.reloading())
    defer { tell(.ready(status: "serving")) }
    do {
      let checked = try load()
      for warning in checked.warnings { logger.warning("\(warning)") }
      try await end.reload(checked.configuration)
      let isRenewed = checked.configuration.credentials != current.credentials
      let what = isRenewed ? "certificate, key and CA for new connections; " : ""
      end.record(.reloaded(what: [what + "services, routes and access rules"]))
      let waiting = checked.configuration.fixedDifferences(from: current)
      if !waiting.isEmpty { logger.warning("a change of \(waiting.joined(separator: ", ")) takes effect at the next start") }
      return checked.configuration
    } catch {
      end.record(.reloadRefused(reason: (error as? CommandError)?.message ?? "\(error)"))
      return current
    }
  }

  private func watch(_ initial: End.Configuration, _ occasion: AsyncStream<Occasion>.Continuation) async throws {
    let files = initial.credentials.files
    var watch = FileWatch([configurationFile, files.certificate, files.key, files.ca].compactMap { $0 })
    while true {
      try await Task.sleep(for: .seconds(1))
      if watch.lookForChange() { occasion.yield(.filesChanged) }
    }
  }

  private func feedWatchdog() async throws {
    guard let period = notifier.watchdogPeriod else { return }
    while true {
      tell(.watchdog)
      try await Task.sleep(for: period / 2)
    }
  }

  private func tell(_ message: ServiceMessage) {
    do throws(ServiceNotifierError) {
      try notifier.send(message)
    } catch {
      logger.warning("\(error)")
    }
  }

  /// What a running process reacts to.
  private enum Occasion: Sendable {
    case signal(UnixSignal)
    case filesChanged
    case drained
  }
}
