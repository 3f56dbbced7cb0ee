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
  ///   - configurationFile: watched for changes, with the files that it names.
  ///   - load: reads and checks file and flags; called again at each reload.
  static func run(configurationFile: String?, load: @escaping Load) async throws {
    // Signals that arrive while addresses are being bound wait here.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigpipe)
    var watch = FileWatch([configurationFile].compactMap { $0 })
    let checked = try Self.load(load, configurationFile, watching: &watch)
    OpenFileLimit.raise()
    let settings = Observability.LogSettings(checked.configuration.process.log)
    let logger = Logger(label: "quicgw") { _ in LineLogHandler(settings: settings) }
    warn(checked, logger)
    let (changes, change) = AsyncStream.makeStream(of: Readiness.self)
    let end = try await start(checked.configuration) { change.yield($0) }
    let life = ProcessLifecycle(end: end, load: load, configurationFile: configurationFile, logger: logger)
    try await life.run(checked.configuration, watch, signals, changes)
  }

  private static func start(
    _ configuration: End.Configuration, onReadinessChange: @escaping @Sendable (Readiness) -> Void
  ) async throws -> End {
    let origins = try ListenOrigins(configuration.addresses)
    do {
      return try await End.start(configuration, onReadinessChange: onReadinessChange)
    } catch let error as ListenError {
      throw origins.explain(error)
    } catch let error as TLSContextError {
      throw CommandError.configuration("\(configuration.credentials.files.certificate): \(error)")
    } catch let error where !(error is CommandError) {
      throw CommandError.failure("\(error)")
    }
  }

  private func run(
    _ initial: End.Configuration, _ files: FileWatch, _ signals: UnixSignalsSequence, _ changes: AsyncStream<Readiness>
  ) async throws {
    let (occasions, occasion) = AsyncStream.makeStream(of: Occasion.self)
    var current = initial
    var watch = files
    var service = ServiceStatus(readyStatus: initial.readyStatus)
    var draining: Draining?
    let failure = await withTaskGroup(of: Void.self) { tasks -> (any Error)? in
      tasks.addTask { for await signal in signals { occasion.yield(.signal(signal)) } }
      tasks.addTask { for await readiness in changes { occasion.yield(.changed(readiness)) } }
      tasks.addTask { await repeating(every: aSecond) { occasion.yield(.secondPassed) } }
      if let period = notifier.watchdogPeriod {
        tasks.addTask { await repeating(every: period / 2) { tell(.watchdog) } }
      }
      ProcessMemory.releaseStartup()
      var memory = ProcessMemory()
      for await next in occasions {
        switch next {
        case .signal(.sigpipe):
          break
        case .changed(let readiness):
          if draining == nil { tell(service.change(to: readiness)) }
        case .secondPassed:
          memory.releaseIfResting()
          if draining == nil, watch.lookForChange() { occasion.yield(.filesChanged) }
        case .filesChanged where draining != nil, .signal(.sighup) where draining != nil:
          break
        case .filesChanged, .signal(.sighup):
          if service.wasReady { tell(ServiceNotifier.reloading()) }
          current = await reload(from: current, running: initial, watching: &watch)
          if let reloaded = service.reloaded { tell(reloaded) }
        case .signal:
          if let draining {
            await endAtOnce(draining)
          } else {
            let work = Task { await drain() }
            draining = Draining(work: work)
            tell(.stopping(status: "draining"))
            tasks.addTask { occasion.yield(.drained(await work.value)) }
          }
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

  /// Closes what is open without waiting for it, so that the other ends need not find out by silence, and ends the process.
  private func endAtOnce(_ draining: Draining) async {
    // `timeout` of GNU coreutils and some supervisors signal the process and its group: one wish, two signals.
    guard ContinuousClock.now - draining.began >= sameWishPeriod else { return }
    logger.warning("a second signal: ends without waiting for what is open")
    draining.work.cancel()
    Task.detached {
      try? await Task.sleep(for: .seconds(1))
      _exit(1)
    }
    _ = await draining.work.value
    // Not `exit`: what it would tidy up belongs to threads that are still at work.
    _exit(1)
  }

  private static func warn(_ checked: Checked<End.Configuration>, _ logger: Logger) {
    for warning in checked.warnings where !warning.isToldWhileRunning { logger.warning("\(warning)") }
  }

  /// Reads everything again and swaps it in; a mistake changes nothing and is logged.
  /// - Parameter running: what the process was started with; what cannot be swapped is as it says.
  private func reload(
    from current: End.Configuration, running: End.Configuration, watching watch: inout FileWatch
  ) async -> End.Configuration {
    do {
      let checked = try Self.load(load, configurationFile, watching: &watch)
      Self.warn(checked, logger)
      try await end.reload(checked.configuration)
      let isRenewed = checked.configuration.credentials != current.credentials
      let what = isRenewed ? "certificate, key and CA for new connections; " : ""
      end.record(.reloaded(what: [what + "services, routes and access rules"]))
      let waiting = checked.configuration.fixedDifferences(from: running)
      if !waiting.isEmpty { logger.warning("a change of \(waiting.joined(separator: ", ")) takes effect at the next start") }
      return checked.configuration
    } catch {
      end.record(.reloadRefused(reason: (error as? CommandError)?.message ?? "\(error)"))
      return current
    }
  }

  /// Reads file and flags while every file that they name is watched already, so that no change of one gets lost: what they name
  /// is known only when they have been read, and when that is new to the watch they are read again.
  private static func load(
    _ load: Load, _ configurationFile: String?, watching watch: inout FileWatch
  ) throws -> Checked<End.Configuration> {
    let checked = try load()
    return watch.watch(checked.configuration.files + [configurationFile].compactMap { $0 }) ? try load() : checked
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
    case changed(Readiness)
    case secondPassed
    case filesChanged
    case drained((any Error)?)
  }
}

/// A drain that is under way.
private struct Draining: Sendable {
  let work: Task<(any Error)?, Never>
  let began = ContinuousClock.now
}

/// Does something again and again until the task is cancelled.
private func repeating(every period: Duration, _ action: () -> Void) async {
  while (try? await Task.sleep(for: period)) != nil { action() }
}

private let aSecond: Duration = .seconds(1)
/// Two signals within so long are one.
private let sameWishPeriod: Duration = .milliseconds(100)
