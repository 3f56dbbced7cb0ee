import ArgumentParser
import Exchange
import Foundation
import Gateway
import NIOCore
import Network

/// `quicgw demo`: a core and an edge of this same program, two origins, real requests between them, every byte verified.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows traffic crossing a link on this machine, and verifies it.")

  @Flag(help: "Leave everything running at the end, and print commands to try.")
  var keep = false

  func run() async throws {
    let interruption = await Interruption()
    let modules = GoModule.generated()
    let proxy = try await OriginCommand.startModules(modules, on: SocketAddress(ipAddress: "127.0.0.1", port: 0))
    let echo = try await OriginCommand.startEcho(on: SocketAddress(ipAddress: "127.0.0.1", port: 0))
    let site = try await DemoSite.make(modulesOrigin: proxy.localAddress.port ?? 0, echoOrigin: echo.localAddress.port ?? 0)
    defer { site.remove() }
    let core = try DemoProcess("core", ["server", "--config", "core.yaml"], folder: site.folder)
    let edge = try DemoProcess("edge", ["edge", "--config", "edge.yaml"], folder: site.folder)
    do {
      try await show(site, core, edge, modules, interruption)
    } catch {
      let isInterrupted = (try? await interruption.check()) == nil
      for process in [edge, core] {
        if !isInterrupted { StandardError.write("\nthe last lines of the \(process.name)'s log:\n\(process.lastLines(10))") }
        _ = await process.stop()
      }
      throw error
    }
    try await proxy.stop()
    try await echo.stop()
  }

  private func show(
    _ site: DemoSite, _ core: DemoProcess, _ edge: DemoProcess, _ modules: [GoModule], _ interruption: Interruption
  ) async throws {
    try await waitUntilLinked(site, core, edge, interruption)
    StandardOutput.write(
      """
      A core and an edge run as processes of their own, with certificates of a throw-away CA, linked over QUIC on UDP \
      port \(site.corePort).
      The edge listens on 127.0.0.1:\(site.modulesPort) (Go modules) and 127.0.0.1:\(site.echoPort) (echo); the origins \
      stand behind the core. The core listens on 127.0.0.1:\(site.cloudPort) for clients in the cloud; that echo is the edge's.

      """)
    var report = DemoReport(interruption)
    DemoReport.printHeader()
    try await send(site, modules, &report)
    try await report.checkComplete()
    if report.failureCount == 0, keep {
      StandardOutput.write(site.thingsToTry)
      try await interruption.wait()
    }
    try await end(edge, core)
    StandardOutput.write("")
    guard report.failureCount == 0 else {
      throw CommandError.failure("\(report.failureCount) of \(report.stepCount) steps failed")
    }
    StandardOutput.write(
      "All \(report.stepCount) steps crossed, every body verified; edge and core drained and ended with status 0.")
  }

  /// The edge is ready when the core has accepted its certificate.
  private func waitUntilLinked(
    _ site: DemoSite, _ core: DemoProcess, _ edge: DemoProcess, _ interruption: Interruption
  ) async throws {
    let client = try await OriginClient.start(OriginURL(scheme: .http, host: "127.0.0.1", port: UInt16(site.edgeAdminPort)))
    let admin = DemoClient(wire: .http1, authority: "127.0.0.1", handler: client.handler)
    let deadline = ContinuousClock.now + .seconds(15)
    while (try? await withDeadline(.seconds(2)) { try await admin.fetch("GET", "/readyz").head.status }) != 200 {
      try await interruption.check()
      try core.checkRunning()
      try edge.checkRunning()
      guard ContinuousClock.now < deadline else { throw CommandError.failure("the link was not up after 15 s") }
      try await Task.sleep(for: .milliseconds(20))
    }
    try await client.stop()
  }

  private func send(_ site: DemoSite, _ modules: [GoModule], _ report: inout DemoReport) async throws {
    let (modulesPort, echoPort) = (UInt16(site.modulesPort), UInt16(site.echoPort))
    let downloads = try await OriginClient.start(OriginURL(scheme: .http, host: "127.0.0.1", port: modulesPort))
    let echo = try await OriginClient.start(OriginURL(scheme: .http, host: "127.0.0.1", port: echoPort))
    let calls = try await OriginClient.start(OriginURL(scheme: .h2c, host: "127.0.0.1", port: echoPort))
    await DemoModuleSteps(
      client: DemoClient(wire: .http1, authority: "127.0.0.1:\(modulesPort)", handler: downloads.handler),
      identity: site.identity,
      modules: modules
    ).run(&report)
    await DemoEchoSteps(
      grpc: DemoClient(wire: .http2, authority: "127.0.0.1:\(echoPort)", handler: calls.handler),
      http1: DemoClient(wire: .http1, authority: "127.0.0.1:\(echoPort)", handler: echo.handler), identity: site.identity
    ).run(&report)
    for client in [downloads, echo, calls] { try await client.stop() }
    try await sendFromTheCloud(UInt16(site.cloudPort), &report)
  }

  private func sendFromTheCloud(_ port: UInt16, _ report: inout DemoReport) async throws {
    let posts = try await OriginClient.start(OriginURL(scheme: .http, host: "127.0.0.1", port: port))
    let calls = try await OriginClient.start(OriginURL(scheme: .h2c, host: "127.0.0.1", port: port))
    await DemoEchoSteps(
      grpc: DemoClient(wire: .http2, authority: "127.0.0.1:\(port)", handler: calls.handler),
      http1: DemoClient(wire: .http1, authority: "127.0.0.1:\(port)", handler: posts.handler), identity: "-"
    ).runFromTheCloud(&report)
    for client in [posts, calls] { try await client.stop() }
  }

  private func end(_ edge: DemoProcess, _ core: DemoProcess) async throws {
    for process in [edge, core] {
      guard let status = await process.stop() else {
        throw CommandError.failure("the \(process.name) did not end within 10 s of SIGTERM")
      }
      guard status == 0 else { throw CommandError.failure("the \(process.name) ended with status \(status)") }
    }
  }
}

extension DemoSite {
  /// What a visitor may type while the demo runs.
  fileprivate var thingsToTry: String {
    let modules = "127.0.0.1:\(modulesPort)"
    let echo = "127.0.0.1:\(echoPort)"
    return """

      Everything keeps running. In another terminal:

        curl -i http://\(modules)/                     # the modules that are there
        curl -i http://\(echo)/                     # what the origin saw of you
        curl --data-binary @/bin/bash -o /tmp/echoed http://\(echo)/ && cmp /bin/bash /tmp/echoed
        curl -i http://127.0.0.1:\(cloudPort)/                     # from the cloud: the echo that the edge exposes
        GOPROXY=http://\(modules) GOSUMDB=off GOFLAGS=-modcacherw GOMODCACHE=$(mktemp -d) \\
          go mod download -x -json demo.quicgw.test/large@v1.0.0
        python3 -c 'import grpc; print(grpc.insecure_channel("\(echo)").unary_unary("/quicgw.demo.Echo/Unary")(b"hello"))'
        curl http://127.0.0.1:\(edgeAdminPort)/metrics               # the edge's counters; the core's: port \(coreAdminPort)
        tail -f \(folder)/{core,edge}.log

      Control-C ends it.
      """
  }
}
