import Foundation
import Testing
import X509

@Suite("Certificates that the command line makes")
struct CertificatesTests {
  let scratch: Scratch
  let folder: String

  init() throws {
    scratch = try Scratch()
    folder = scratch.file("certs")
  }

  private func certificate(_ name: String) throws -> Certificate {
    try Certificate(pemEncoded: scratch.text("certs/\(name)"))
  }

  private func lifetimeDays(_ certificate: Certificate) -> Double {
    certificate.notValidAfter.timeIntervalSince(certificate.notValidBefore) / 86_400
  }

  private func names(_ certificate: Certificate) throws -> [GeneralName]? {
    try certificate.extensions.subjectAlternativeNames.map(Array.init)
  }

  private func uses(_ certificate: Certificate) throws -> [ExtendedKeyUsage.Usage]? {
    try certificate.extensions.extendedKeyUsage.map(Array.init)
  }

  @Test("The authority may sign leaves and nothing else")
  func authority() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    let authority = try certificate("ca.pem")
    #expect(try authority.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
    #expect(try authority.extensions.keyUsage == KeyUsage(keyCertSign: true, cRLSign: true))
    #expect(authority.issuer == authority.subject)
    #expect((3_652.0...3_654.0).contains(lifetimeDays(authority)))
    #expect(authority.publicKey.isValidSignature(authority.signature, for: authority))
    #expect(try scratch.mode("certs") == 0o700)
    #expect(try scratch.mode("certs/ca.key") == 0o600)
    #expect(try scratch.mode("certs/ca.pem") == 0o644)
  }

  @Test("An edge's leaf has exactly one DNS name and is for clients only")
  func edgeLeaf() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-1.example.com").status == 0)
    let leaf = try certificate("edge.pem")
    #expect(try names(leaf) == [.dnsName("edge-1.example.com")])
    #expect(try uses(leaf) == [.clientAuth])
    #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
    #expect(try leaf.extensions.keyUsage == KeyUsage(digitalSignature: true))
    #expect((397.0...397.1).contains(lifetimeDays(leaf)))
    let authority = try certificate("ca.pem")
    #expect(leaf.issuer == authority.subject)
    #expect(authority.publicKey.isValidSignature(leaf.signature, for: leaf))
    #expect(
      try leaf.extensions.authorityKeyIdentifier?.keyIdentifier == authority.extensions.subjectKeyIdentifier?.keyIdentifier)
    let key = try Certificate.PrivateKey(pemEncoded: scratch.text("certs/edge.key"))
    #expect(key.publicKey == leaf.publicKey)
    #expect(try scratch.mode("certs/edge.key") == 0o600)
  }

  @Test("A core's leaf has every host, names and addresses, and is for servers only")
  func coreLeaf() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    let issue = try Command.quicgw(
      "certs", "issue", folder, "--core", "core.example.com", "*.cores.example.com", "192.0.2.1", "[2001:db8::1]", "--days", "30")
    #expect(issue.status == 0, "\(issue.errors)")
    let leaf = try certificate("core.pem")
    #expect(
      try names(leaf) == [
        .dnsName("core.example.com"), .dnsName("*.cores.example.com"), .ipAddress(.init(contentBytes: [192, 0, 2, 1])),
        .ipAddress(.init(contentBytes: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
      ])
    #expect(try uses(leaf) == [.serverAuth])
    #expect((30.0...30.1).contains(lifetimeDays(leaf)))
  }

  @Test("Files that are there stay as they are, unless forced")
  func noOverwriting() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-1").status == 0)
    let before = try ["ca.pem", "ca.key", "edge.pem", "edge.key"].map { try scratch.text("certs/\($0)") }
    for refused in [
      try Command.quicgw("certs", "init", folder), try Command.quicgw("certs", "issue", folder, "--edge", "edge-2"),
    ] {
      #expect(refused.status == 2)
      #expect(refused.errorLines.count == 1)
      #expect(refused.errors.contains("--force"))
    }
    #expect(try ["ca.pem", "ca.key", "edge.pem", "edge.key"].map { try scratch.text("certs/\($0)") } == before)
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-2", "--force").status == 0)
    #expect(try scratch.text("certs/edge.pem") != before[2])
    #expect(try scratch.mode("certs/edge.key") == 0o600)
    #expect(try scratch.text("certs/ca.pem") == before[0])
  }

  @Test("A key without certificate is not overwritten either, and no certificate is left behind")
  func loneKey() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    try scratch.write("certs/edge.key", "mine")
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-1").status == 2)
    #expect(try scratch.text("certs/edge.key") == "mine")
    #expect(!FileManager.default.fileExists(atPath: scratch.file("certs/edge.pem")))
  }

  @Test("A second edge gets files of its own")
  func secondEdge() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-2", "--out", "edge-2").status == 0)
    #expect(try names(certificate("edge-2.pem")) == [.dnsName("edge-2")])
    #expect(try Command.quicgw("certs", "issue", folder, "--edge", "edge-3", "--out", "e3.pem").status == 0)
    #expect(try names(certificate("e3.pem")) == [.dnsName("edge-3")])
    #expect(try scratch.mode("certs/e3.key") == 0o600)
  }

  @Test(
    "Names that cannot be are refused with a reason",
    arguments: [
      (["--edge", "Edge-1"], "lower case"), (["--edge", "edge_1"], "\"_\""), (["--edge", "edge-"], "hyphen"),
      (["--edge", ""], "empty"), (["--edge", "a..b"], "empty label"), (["--edge", "192.0.2.1"], "address"),
      (["--edge", "*.example.com"], "\"*\""), (["--edge", "edge.1"], "number"),
      (["--edge", String(repeating: "a", count: 64)], "63"),
      (["--core", "core:4433"], "port"), (["--core", "a", "a"], "twice"), (["--core", "a", "--edge", "b"], "exclude"),
      ([], "--edge NAME or --core HOST"), (["--edge", "a", "--days", "0"], "lifetime"),
      (["--edge", "a", "--days", "3651"], "lifetime"),
      (["--edge", "a", "--days", "-1"], "--days -1 is no sensible lifetime"), (["--edge", "a", "--out", "-x"], "file name"),
      (["--edge", "a", "--out", "ca.pem"], "authority"), (["--edge", "a", "--out", ".pem"], "file name"),
      (["--edge", "a", "--out", "../x"], "file name"), (["--edge", "a", "--out", "ca"], "authority"),
    ])
  func refusedNames(arguments: [String], reason: String) throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    let issue = try Command.run(Command.program(), ["certs", "issue", folder] + arguments)
    #expect(issue.status == 2)
    #expect(issue.errorLines.count == 1)
    #expect(issue.errors.contains(reason), "\(issue.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["ca.key", "ca.pem"])
  }

  @Test("Without an authority the advice is how to make one; a foreign key is noticed")
  func brokenAuthority() throws {
    let missing = try Command.quicgw("certs", "issue", folder, "--edge", "edge-1")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("quicgw certs init \(folder)"))
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    #expect(try Command.quicgw("certs", "init", scratch.file("other")).status == 0)
    try scratch.write("certs/ca.key", scratch.text("other/ca.key"))
    let mismatched = try Command.quicgw("certs", "issue", folder, "--edge", "edge-1")
    #expect(mismatched.status == 2)
    #expect(mismatched.errors.contains("is not the key of"))
  }

  @Test("A CA with an RSA key is shown as that, and is refused in one sentence")
  func foreignAuthority() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let openssl = try Command.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-keyout", folder + "/ca.key",
        "-out", folder + "/ca.pem",
      ])
    try #require(openssl.status == 0, "\(openssl.errors)")
    #expect(try Command.quicgw("certs", "show", folder + "/ca.pem").output.contains("key       RSA 2048\n"))
    let issue = try Command.quicgw("certs", "issue", folder, "--edge", "edge-1")
    #expect(issue.status == 2)
    #expect(issue.errorLines.count == 1 && issue.errors.contains("RSA 2048"), "\(issue.errors)")
  }

  @Test("show prints names, use and the days that are left")
  func show() throws {
    #expect(try Command.quicgw("certs", "init", folder).status == 0)
    #expect(try Command.quicgw("certs", "issue", folder, "--core", "core.example.com", "::1", "--days", "10").status == 0)
    let core = try Command.quicgw("certs", "show", folder + "/core.pem")
    #expect(core.status == 0)
    for fact in ["CN=core.example.com", "DNS:core.example.com, IP:::1", "serverAuth", "quicgw CA", "10 days left", "ECDSA P-256"]
    {
      #expect(core.output.contains(fact), "\(fact) is missing in:\n\(core.output)")
    }
    try scratch.write("both.pem", scratch.text("certs/core.pem") + scratch.text("certs/ca.pem"))
    #expect(try Command.quicgw("certs", "show", scratch.file("both.pem")).output.contains("certificate authority"))
    for (path, reason) in [(folder + "/ca.key", "private key"), (scratch.file("none"), "cannot be read")] {
      let refused = try Command.quicgw("certs", "show", path)
      #expect(refused.status == 2)
      #expect(refused.errors.contains(reason))
    }
    try scratch.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    let broken = try Command.quicgw("certs", "show", scratch.file("broken.pem"))
    #expect(broken.status == 2)
    #expect(broken.errors.contains("is damaged") && !broken.errors.contains("ASN1"), "\(broken.errors)")
  }
}
