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
    var watch = FileWatch(files(of: current))
    var isDraining = false
    let failure = await withTaskGroup(of: Void.self) { tasks -> (any Error)? in
      tasks.addTask { for await signal in signals { occasion.yield(.signal(signal)) } }
      tasks.addTask { await repeating(every: lookAtFilesPeriod) { occasion.yield(.lookAtFiles) } }
      if let period = notifier.watchdogPeriod {
        tasks.addTask { await repeating(every: period / 2) { tell(.watchdog) } }
      }
      tell(.ready(status: "serving"))
      StartupMemory.release()
      for await next in occasions {
        switch next {
        case .signal(.sigpipe):
          break
        case .lookAtFiles where isDraining || !watch.lookForChange(), .signal(.sighup) where isDraining:
          break
        case .lookAtFiles, .signal(.sighup):
          current = await reload(from: current)
          watch.watch(files(of: current))
        case .signal where isDraining:
          endAtOnce()
        case .signal:
          isDraining = true
          tell(.stopping(status: "draining"))
          tasks.addTask { occasion.yield(.drained(await drain())) }
        case .drained(let failure):
          tasks.cancelAll()
          return failure
        }
      }
      return nil
    }
    if let failure { throw CommandError.failure("draining failed: \(failure)") }
  }

  private func drain() async -> (any Error)? {
    do {
      try await end.drain()
      return nil
    } catch {
      return error
    }
  }

  private func endAtOnce() -> Never {
    StandardError.write("quicgw: a second signal: ended without waiting for what was open")
    // Not `exit`: what it would tidy up belongs to threads that are still at work.
    _exit(1)
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

  private func files(of configuration: End.Configuration) -> [String] {
    let files = configuration.credentials.files
    return [configurationFile, files.certificate, files.key, files.ca].compactMap { $0 }
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
    case lookAtFiles
    case drained((any Error)?)
  }
}

/// Does something again and again until the task is cancelled.
private func repeating(every period: Duration, _ action: () -> Void) async {
  while (try? await Task.sleep(for: period)) != nil { action() }
}

private let lookAtFilesPeriod: Duration = .seconds(1)
