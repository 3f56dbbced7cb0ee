// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled in Swift 6 mode under strict memory safety: raw operations say `unsafe`, and a test keeps them
/// in `Bridge/` folders. Warnings are errors in our own code.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

/// The layers of the architecture, bytes → meaning → policy: a module imports only what stands above it.
/// `Tests/ArchitectureTests` holds the `import` lines of the sources against the same table.
let package = Package(
  name: "quicgw",
  products: [
    .executable(name: "quicgw", targets: ["quicgw"]),
    .executable(name: "quicgw-link", targets: ["quicgw-link"]),
    .library(name: "QUICTransport", targets: ["QUICTransport"]),
    .library(name: "HTTP3", targets: ["HTTP3"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CNgtcp2", pkgConfig: "libngtcp2_crypto_gnutls libngtcp2", providers: [.apt(["libngtcp2-dev", "libngtcp2-crypto-gnutls-dev"])]),
    .systemLibrary(name: "CNghttp3", pkgConfig: "libnghttp3", providers: [.apt(["libnghttp3-dev"])]),
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CSocket"),

    .target(name: "Events", swiftSettings: strict),
    .target(name: "HTTPMessage", dependencies: [httpTypes], swiftSettings: strict),
    .target(name: "Exchange", dependencies: ["Events", "HTTPMessage", nioCore, collections], swiftSettings: strict),
    .target(name: "QUICTransport", dependencies: ["CNgtcp2", "CGnuTLS", "CSocket", "Events", nioCore, collections], swiftSettings: strict),
    .target(name: "HTTP1", dependencies: ["HTTPMessage", nioCore, collections], swiftSettings: strict),
    .target(name: "HTTP2", dependencies: ["CNghttp2", "HTTPMessage", nioCore, collections], swiftSettings: strict),
    .target(name: "HTTP3", dependencies: ["CNghttp3", "HTTPMessage", "QUICTransport", nioCore, collections], swiftSettings: strict),
    .target(name: "Wires", dependencies: ["Events", "HTTPMessage", "Exchange", "HTTP1", "HTTP2", "HTTP3", "QUICTransport", nioCore, collections, crypto], swiftSettings: strict),
    .target(name: "Gateway", dependencies: ["Events", "HTTPMessage", "Exchange", nioCore], swiftSettings: strict),
    .target(name: "ModuleProxy", dependencies: ["CSocket", "CZlib", "Events", "HTTPMessage", "Exchange", nioCore, crypto], swiftSettings: strict),
    .target(name: "Observability", dependencies: ["Events", "HTTPMessage", "Exchange", "CSocket", log, nioCore], swiftSettings: strict),
    .target(
      name: "Network",
      dependencies: ["CHiredis", "CSocket", "Events", "HTTPMessage", "Exchange", "QUICTransport", "HTTP3", "Wires", "Gateway", "ModuleProxy", "Observability", nioCore, nioPosix, nioTLS, nioSSL, collections],
      swiftSettings: strict),
    .target(name: "GatewayConfig", dependencies: ["Gateway", "ModuleProxy", "Events", nioCore, yams, x509, crypto], swiftSettings: strict),
    .target(name: "LinkEmulator", dependencies: [collections], swiftSettings: strict),
    .executableTarget(
      name: "quicgw",
      dependencies: ["Events", "HTTPMessage", "Exchange", "QUICTransport", "HTTP3", "Wires", "Gateway", "ModuleProxy", "Observability", "Network", "GatewayConfig", arguments, log, signals, x509, crypto, nioCore, nioPosix],
      swiftSettings: strict),
    .executableTarget(name: "quicgw-link", dependencies: ["CSocket", "LinkEmulator", arguments], swiftSettings: strict),

    .target(name: "TestCertificates", dependencies: [x509, crypto], path: "Tests/Support/TestCertificates"),
    .testTarget(name: "ArchitectureTests"),
    .testTarget(name: "HTTPMessageTests", dependencies: ["HTTPMessage", "LinkEmulator", httpTypes]),
    .testTarget(name: "ExchangeTests", dependencies: ["Exchange", "HTTPMessage", "LinkEmulator", nioCore, nioPosix]),
    .testTarget(name: "QUICTransportTests", dependencies: ["CSocket", "QUICTransport", "LinkEmulator", "Events", "TestCertificates", nioCore, x509]),
    .testTarget(name: "HTTP1Tests", dependencies: ["HTTP1", "HTTPMessage", "LinkEmulator", nioCore]),
    .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2", "HTTPMessage", "LinkEmulator", nioCore]),
    .target(name: "HTTP3TestSupport", dependencies: ["LinkEmulator", "QUICTransport"], path: "Tests/Support/HTTP3TestSupport"),
    .testTarget(name: "HTTP3Tests", dependencies: ["HTTP3TestSupport", "HTTP3", "HTTPMessage", "QUICTransport", "LinkEmulator", "TestCertificates", nioCore, x509, crypto]),
    .testTarget(name: "WiresTests", dependencies: ["HTTP3TestSupport", "LinkEmulator", "QUICTransport", "Wires", "Events", "Exchange", "HTTPMessage", "HTTP1", "HTTP2", "HTTP3", nioCore]),
    .testTarget(name: "GatewayTests", dependencies: ["Gateway", "LinkEmulator", "Exchange", "HTTPMessage", "Events", nioCore]),
    .testTarget(name: "ModuleProxyTests", dependencies: ["ModuleProxy", "LinkEmulator", "Exchange", "HTTPMessage", "Events", nioCore, nioEmbedded, crypto]),
    .testTarget(name: "ObservabilityTests", dependencies: ["Observability", "Events", "Exchange", "HTTPMessage", log, nioCore, nioPosix, nioEmbedded]),
    .testTarget(name: "GatewayConfigTests", dependencies: ["GatewayConfig", "Gateway", "ModuleProxy", x509, crypto]),
    .testTarget(name: "LinkEmulatorTests", dependencies: ["LinkEmulator"]),
    .testTarget(name: "NetworkTests", dependencies: ["LinkEmulator", "Network", "Wires", "Exchange", "HTTPMessage", "Gateway", "ModuleProxy", "Events", "QUICTransport", "TestCertificates", nioCore, nioPosix, x509, crypto]),
    .testTarget(name: "quicgwLinkTests", dependencies: ["quicgw-link", "LinkEmulator"]),
    .testTarget(name: "quicgwTests", dependencies: ["quicgw", nioCore, nioPosix, x509]),
  ],
  swiftLanguageModes: [.v6]
)
