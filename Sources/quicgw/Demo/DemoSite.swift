import Foundation
import NIOCore
import NIOPosix

/// What a core and an edge need to run on this machine for a while: a folder with certificates and configurations, and ports
/// that nobody uses.
struct DemoSite {
  let folder: String
  let identity = "edge-1.demo"
  let modulesPort: Int
  let echoPort: Int
  /// Where the core listens for clients in the cloud; what comes there goes to the echo that the edge exposes.
  let cloudPort: Int
  let corePort: Int
  let coreAdminPort: Int
  let edgeAdminPort: Int

  /// Makes the folder with everything in it.
  /// - Parameters:
  ///   - modulesOrigin: where the module proxy listens.
  ///   - echoOrigin: where the echo listens.
  static func make(modulesOrigin: Int, echoOrigin: Int) async throws -> DemoSite {
    let folder = NSTemporaryDirectory() + "quicgw-demo-" + UUID().uuidString.prefix(8)
    let ports = try await FreePorts.find(tcp: 5, udp: 1)
    let site = DemoSite(
      folder: folder, modulesPort: ports.tcp[0], echoPort: ports.tcp[1], cloudPort: ports.tcp[4], corePort: ports.udp[0],
      coreAdminPort: ports.tcp[2], edgeAdminPort: ports.tcp[3])
    try site.makeCertificates()
    try site.coreConfiguration(modulesOrigin: modulesOrigin, echoOrigin: echoOrigin)
      .write(toFile: "\(folder)/core.yaml", atomically: false, encoding: .utf8)
    try site.edgeConfiguration(echoOrigin: echoOrigin).write(toFile: "\(folder)/edge.yaml", atomically: false, encoding: .utf8)
    return site
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func makeCertificates() throws {
    _ = try CertificateFolder.prepared(at: folder)
    let certificates = try CertificateFolder.prepared(at: "\(folder)/certs")
    let (authority, key) = try CertificateAuthority.make()
    try certificates.write("ca", certificatePEM: authority.certificate.pem(), keyPEM: key, replacing: false)
    let core = try authority.issue(.core([HostName(host: "localhost")]), days: 2)
    try certificates.write("core", certificatePEM: core.certificate.pem(), keyPEM: core.keyPEM, replacing: false)
    let edge = try authority.issue(.edge(HostName(edge: identity)), days: 2)
    try certificates.write("edge", certificatePEM: edge.certificate.pem(), keyPEM: edge.keyPEM, replacing: false)
  }

  private func coreConfiguration(modulesOrigin: Int, echoOrigin: Int) -> String {
    """
    listen: "[::]:\(corePort)"
    loops: 2
    admin: 127.0.0.1:\(coreAdminPort)
    services:
      modules: http://127.0.0.1:\(modulesOrigin)
      echo: h2c://127.0.0.1:\(echoOrigin)
    listeners:
      - address: 127.0.0.1:\(cloudPort)
        service: echo
        edge: \(identity)

    """
  }

  private func edgeConfiguration(echoOrigin: Int) -> String {
    """
    upstream: localhost:\(corePort)
    loops: 2
    admin: 127.0.0.1:\(edgeAdminPort)
    listeners:
      - address: 127.0.0.1:\(modulesPort)
        service: modules
      - address: 127.0.0.1:\(echoPort)
        service: echo
    expose:
      echo: h2c://127.0.0.1:\(echoOrigin)

    """
  }
}

/// Ports that were free a moment ago.
enum FreePorts {
  static func find(tcp tcpCount: Int, udp udpCount: Int) async throws -> (tcp: [Int], udp: [Int]) {
    let group = MultiThreadedEventLoopGroup.singleton
    var channels: [any Channel] = []
    for _ in 0..<tcpCount { channels.append(try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()) }
    for _ in 0..<udpCount { channels.append(try await DatagramBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()) }
    let ports = channels.compactMap { $0.localAddress?.port }
    // All are held until all are known, so that none is found twice.
    for channel in channels { try await channel.close().get() }
    return (Array(ports.prefix(tcpCount)), Array(ports.dropFirst(tcpCount)))
  }
}
