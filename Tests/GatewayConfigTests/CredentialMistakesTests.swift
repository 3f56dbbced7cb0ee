import Foundation
import Testing
import X509

@testable import GatewayConfig

/// Certificates, keys and authorities that cannot work are refused before anything starts.
@Suite struct CredentialMistakesTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
  }

  private func core(_ change: (inout Overrides) -> Void = { _ in }) -> Result<Checked<CoreConfiguration>, ConfigurationError> {
    var overrides = Overrides()
    overrides.services = ["m=http://127.0.0.1:3000"]
    change(&overrides)
    do throws(ConfigurationError) {
      return .success(try CoreConfiguration.load(file: nil, overrides: overrides, files: workplace.files))
    } catch {
      return .failure(error)
    }
  }

  private func coreMistake(_ change: (inout Overrides) -> Void = { _ in }) -> String {
    if case .failure(let error) = core(change) { error.description } else { "none" }
  }

  private func edgeMistake() -> String {
    var overrides = Overrides()
    overrides.upstream = ["localhost:4433"]
    do throws(ConfigurationError) {
      _ = try EdgeConfiguration.load(file: nil, overrides: overrides, files: workplace.files)
      return "none"
    } catch {
      return error.description
    }
  }

  private func remove(_ file: String) throws {
    try FileManager.default.removeItem(atPath: "\(workplace.path)/\(file)")
  }

  @Test func usualFilesAreFound() throws {
    let checked = try core().get()
    #expect(checked.configuration.credentials.files.certificate == workplace.path + "/certs/core.pem")
    #expect(checked.configuration.credentials.leaf.daysLeft(at: workplace.now) == 90)
    #expect(edgeMistake() == "none")
  }

  @Test func noFilesAtAll() throws {
    try remove("certs/core.pem")
    #expect(
      coreMistake()
        == "certificate: no file is named and there is no certs/core.pem or /etc/quicgw/core.pem; make it with “quicgw certs issue certs --core HOST --force”, or name another file"
    )
    try remove("certs/core.key")
    #expect(coreMistake().hasSuffix("make it with “quicgw certs issue certs --core HOST”, or name another file"))
    try remove("certs/edge.pem")
    try remove("certs/edge.key")
    try remove("certs/ca.pem")
    #expect(
      edgeMistake()
        == "certificate: no file is named and there is no certs/edge.pem or /etc/quicgw/edge.pem; make it with “quicgw certs init certs && quicgw certs issue certs --edge NAME”, or name another file"
    )
  }

  @Test func halfAPair() throws {
    #expect(
      coreMistake { $0.certificate = "certs/core.pem" }
        == "--cert: the certificate certs/core.pem comes without a key; name its key with key or --key")
    #expect(
      coreMistake { $0.key = "certs/core.key" }
        == "--key: the key certs/core.key comes without a certificate; name its certificate with certificate or --cert")
    try remove("certs/core.key")
    #expect(coreMistake().hasPrefix("key: the file certs/core.key does not exist; make it with"))
    try remove("certs/ca.pem")
    #expect(
      coreMistake {
        $0.certificate = "certs/edge.pem"
        $0.key = "certs/edge.key"
      }.hasPrefix("ca: no file is named and there is no certs/ca.pem"))
  }

  @Test func filesThatHoldSomethingElse() throws {
    let pair = (certificate: "certs/core.pem", key: "certs/core.key")
    #expect(
      coreMistake {
        $0.certificate = "certs/core.key"
        $0.key = pair.key
      } == "--cert: certs/core.key has a private key and no certificate in it; name a PEM file with the leaf certificate first")
    #expect(
      coreMistake {
        $0.certificate = pair.certificate
        $0.key = pair.certificate
      } == "--key: certs/core.pem has no private key in it; name the PEM file of the key")
    #expect(
      coreMistake { $0.ca = "certs/core.key" }
        == "--ca: certs/core.key has no certificate in it; name a PEM file with the CA's certificate")
    #expect(
      coreMistake { $0.ca = "certs/edge.pem" }
        == "--ca: certs/edge.pem has a certificate that is not a CA's (CN=leaf); name the file that “quicgw certs init” wrote as ca.pem"
    )
    #expect(coreMistake { $0.ca = "certs" } == "--ca: certs is a folder; name a file")
    try workplace.write("empty.pem", "")
    #expect(coreMistake { $0.ca = "empty.pem" } == "--ca: the file empty.pem is empty; put PEM into it or name another file")
    try workplace.write("text.pem", "hello\n")
    #expect(
      coreMistake {
        $0.certificate = "text.pem"
        $0.key = pair.key
      } == "--cert: text.pem has no certificate in it; name a PEM file with the leaf certificate first")
    try workplace.write("cut.pem", try workplace.read(pair.certificate).replacing(#/\n[^-\n]+\n-----END/#, with: "\n-----END"))
    #expect(
      coreMistake {
        $0.certificate = "cut.pem"
        $0.key = pair.key
      } == "--cert: certificate 1 of cut.pem cannot be decoded; issue it again")
    try workplace.write("cut.key", "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n", mode: 0o600)
    #expect(
      coreMistake {
        $0.certificate = pair.certificate
        $0.key = "cut.key"
      } == "--key: the key in cut.key cannot be decoded; give an ECDSA, Ed25519 or RSA key as PEM")
    try workplace.write(
      "secret.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGH\n-----END ENCRYPTED PRIVATE KEY-----\n", mode: 0o600)
    #expect(
      coreMistake {
        $0.certificate = pair.certificate
        $0.key = "secret.key"
      }
        == "--key: the key in secret.key is encrypted; decrypt it with “openssl pkey” and protect the file by its mode")
    #expect(
      coreMistake {
        $0.certificate = "certs/ca.pem"
        $0.key = pair.key
      } == "--key: certs/core.key is not the key of certs/ca.pem; give the pair that was issued together")
  }

  @Test func keyOfAnotherCertificate() {
    #expect(
      coreMistake {
        $0.certificate = "certs/core.pem"
        $0.key = "certs/edge.key"
      }
        == "--key: certs/edge.key is not the key of certs/core.pem; give the pair that was issued together")
  }

  @Test func certificateOfTheOtherEnd() {
    #expect(
      coreMistake {
        $0.certificate = "certs/edge.pem"
        $0.key = "certs/edge.key"
      }
        == "--cert: the certificate in certs/edge.pem is not for servers; make it with “quicgw certs issue certs --core HOST --force”, or name another file"
    )
  }

  @Test func certificatesForNoUseInParticular() throws {
    try workplace.issue("certs/edge", names: [.dnsName("edge-1")], usage: nil)
    #expect(
      edgeMistake()
        == "certificate: the certificate in certs/edge.pem has no extended key usage, the other end wants clientAuth; make it with “quicgw certs issue certs --edge NAME --force”, or name another file"
    )
    try workplace.issue("certs/core", names: [.dnsName("localhost")], usage: .any)
    #expect(coreMistake().hasPrefix("certificate: the certificate in certs/core.pem is not for servers;"))
  }

  @Test func certificatesOutOfTheirTime() throws {
    try workplace.issue("certs/core", names: [.dnsName("localhost")], usage: .serverAuth, days: -2, begins: -10)
    #expect(
      coreMistake()
        == "certificate: the certificate in certs/core.pem expired on 2030-03-15; issue a new one with “quicgw certs issue DIR --core localhost --force”, in the folder DIR that has the CA's key"
    )
    try workplace.write("certs/ca.key", "")
    try workplace.issue("certs/e1", names: [.dnsName("localhost")], usage: .serverAuth, days: -2, begins: -10)
    #expect(
      coreMistake {
        $0.certificate = "certs/e1.pem"
        $0.key = "certs/e1.key"
      }.hasSuffix("; issue a new one with “quicgw certs issue certs --core localhost --out e1 --force”"))
    try workplace.issue("certs/core", names: [.dnsName("localhost")], usage: .serverAuth, begins: 3)
    #expect(
      coreMistake()
        == "certificate: the certificate in certs/core.pem is not valid before 2030-03-20; check the clock of this machine")
  }

  @Test func namesThatNobodyCouldVerify() throws {
    try workplace.issue("certs/core", names: [], usage: .serverAuth)
    #expect(
      coreMistake().hasPrefix(
        "certificate: the certificate in certs/core.pem has no host name that an edge could verify; make it"))
    try workplace.issue("certs/edge", names: [], usage: .clientAuth)
    #expect(
      edgeMistake().hasPrefix(
        "certificate: the certificate in certs/edge.pem has no name, so the core could not tell who this edge is; make it"))
    try workplace.issue("certs/edge", names: [.dnsName("a"), .dnsName("b")], usage: .clientAuth)
    #expect(edgeMistake().hasPrefix("certificate: the certificate in certs/edge.pem has several names, so"))
    try workplace.issue("certs/edge", names: [.uniformResourceIdentifier("spiffe://x/1")], usage: .clientAuth)
    #expect(edgeMistake() == "none")
  }

  @Test func whatWorksButShouldBeLookedAtIsAWarning() throws {
    try workplace.issue("certs/core", names: [.dnsName("localhost")], usage: .serverAuth, days: 3)
    try workplace.write("certs/core.key", try workplace.read("certs/core.key"), mode: 0o640)
    #expect(
      try core().get().warnings.map(\.description) == [
        "certificate: the certificate in certs/core.pem expires in 3 days; issue a new one",
        "key: others than the owner may read certs/core.key; set its mode to 0600",
      ])
  }

  @Test func theModeThatCountsIsThatOfTheFileAndNotOfALinkToIt() throws {
    try FileManager.default.moveItem(atPath: "\(workplace.path)/certs/core.key", toPath: "\(workplace.path)/secret")
    try FileManager.default.createSymbolicLink(
      atPath: "\(workplace.path)/certs/core.key", withDestinationPath: "\(workplace.path)/secret")
    #expect(try core().get().warnings == [])
    try workplace.write("secret", try workplace.read("secret"), mode: 0o644)
    #expect(try core().get().warnings.map(\.path) == ["key"])
  }

  @Test(.enabled(if: getuid() != 0, "root may enter every folder"))
  func aFolderThatMayNotBeEnteredIsNotCalledMissing() throws {
    func setMode(_ mode: Int) throws {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(workplace.path)/certs")
    }
    try setMode(0)
    let found = coreMistake()
    let named = coreMistake {
      $0.certificate = "certs/core.pem"
      $0.key = "certs/core.key"
    }
    try setMode(0o700)
    #expect(found.hasPrefix("certificate: the file certs/core.pem cannot be read: permission denied;"), "\(found)")
    #expect(named.hasPrefix("--cert: the file certs/core.pem cannot be read: permission denied;"), "\(named)")
  }

  @Test func chainBehindTheLeafIsRead() throws {
    try workplace.write(
      "certs/core.pem", try "subject=leaf\n" + workplace.read("certs/core.pem") + workplace.read("certs/ca.pem"))
    #expect(try core().get().configuration.credentials.leaf.dnsNames == ["localhost"])
  }

  @Test func descriptionDoesNotShowTheKey() throws {
    #expect(try core().get().configuration.credentials.description == "CN=leaf from \(workplace.path)/certs/core.pem")
  }
}
