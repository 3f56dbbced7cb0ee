import ArgumentParser
import X509

/// `quicgw certs`: a small authority for the two ends of the link.
struct CertsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs",
    abstract: "Makes and shows certificates.",
    discussion: """
      Start with: quicgw certs init certs
      then, for the core:      quicgw certs issue certs --core core.example.com 192.0.2.1
      and for each edge:       quicgw certs issue certs --edge edge-1.example.com
      Copy core.pem, core.key and ca.pem to the core, edge.pem, edge.key and ca.pem to the edge. ca.key stays where it is.
      """,
    subcommands: [Init.self, Issue.self, Show.self])
}

extension CertsCommand {
  /// `quicgw certs init DIR`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes a certificate authority (ECDSA P-256, ten years).")

    @Argument(help: "Folder for ca.pem and ca.key; made if missing, readable by you only.")
    var dir: String

    @Flag(help: "Replace an authority that is there. Its leaves are worthless afterwards.")
    var force = false

    func run() throws {
      let folder = try CertificateFolder.prepared(at: dir)
      let (authority, key) = try CertificateAuthority.make()
      try folder.write("ca", certificatePEM: authority.certificate.pem(), keyPEM: key, replacing: force)
      let summary = CertificateSummary(authority.certificate)
      StandardOutput.write("\(folder.file("ca.pem"))  \(summary.subject), \(summary.daysLeft) days")
      StandardOutput.write("\(folder.file("ca.key"))  its key; whoever has it can make edges: keep it off the nodes")
    }
  }

  /// `quicgw certs issue DIR --edge NAME | --core HOST…`.
  struct Issue: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Signs a certificate for an edge or for a core with the authority in DIR.",
      usage: """
        quicgw certs issue <dir> --edge <name> [--out <file>] [--days <days>] [--force]
        quicgw certs issue <dir> --core <host> ... [--out <file>] [--days <days>] [--force]
        """)

    @Argument(help: "Folder with ca.pem and ca.key; the new files are put there too.")
    var dir: String

    @Option(help: "The edge's name, by which the core knows it: one DNS name, here unique.")
    var edge: String?

    @Option(parsing: .upToNextOption, help: "The hosts by which edges dial the core: DNS names and addresses.")
    var core: [String] = []

    @Option(parsing: .unconditional, help: "The files' name without extension (default: edge or core).")
    var out: String?

    @Option(parsing: .unconditional, help: "Lifetime in days.")
    var days = 397

    @Flag(help: "Replace files that are there.")
    var force = false

    func run() throws {
      let (role, defaultName) = try leafRole()
      let name = try fileName(default: defaultName)
      guard (1...3_650).contains(days) else {
        throw CommandError.configuration("--days \(days) is no sensible lifetime; 1 to 3650 are possible")
      }
      let folder = CertificateFolder(path: dir)
      let leaf = try folder.authority().issue(role, days: days)
      try folder.write(name, certificatePEM: leaf.certificate.pem(), keyPEM: leaf.keyPEM, replacing: force)
      let summary = CertificateSummary(leaf.certificate)
      StandardOutput.write(
        "\(folder.file("\(name).pem"))  \(summary.names.joined(separator: ", ")); \(summary.uses), \(summary.daysLeft) days")
      StandardOutput.write("\(folder.file("\(name).key"))  its key")
    }

    private func leafRole() throws -> (LeafRole, defaultName: String) {
      switch (edge, core.isEmpty) {
      case (let name?, true):
        return (.edge(try HostName(edge: name)), "edge")
      case (nil, false):
        let hosts = try core.map { try HostName(host: $0) }
        guard Set(hosts).count == hosts.count else { throw CommandError.configuration("--core names a host twice") }
        return (.core(hosts), "core")
      case (nil, true):
        throw CommandError.configuration("say for whom: --edge NAME or --core HOST…")
      case (_?, false):
        throw CommandError.configuration("--edge and --core exclude each other: a certificate serves one end of the link")
      }
    }

    private func fileName(default name: String) throws -> String {
      // Whoever writes e1.pem wants e1.pem and its key.
      let name = out.map { $0.hasSuffix(".pem") || $0.hasSuffix(".key") ? String($0.dropLast(4)) : $0 } ?? name
      let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
      guard isPlain, let first = name.first, first != ".", first != "-", name.utf8.count <= 128 else {
        throw CommandError.configuration(
          "--out \"\(out ?? name)\" cannot be a file name here: use letters, digits, dot, hyphen and underscore")
      }
      guard name != "ca" else { throw CommandError.configuration("--out ca would replace the authority itself") }
      return name
    }
  }

  /// `quicgw certs show FILE`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints what a certificate file says.")

    @Argument(help: "A file with one or more certificates in PEM form.")
    var file: String

    func run() throws {
      let summaries = try CertificateSummary.summaries(inFile: file)
      for (index, summary) in summaries.enumerated() {
        if index > 0 { StandardOutput.write("") }
        for line in summary.lines { StandardOutput.write(line) }
      }
    }
  }
}
