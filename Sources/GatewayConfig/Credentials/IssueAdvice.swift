import Events

/// The commands that make the certificate of one end, as they work in the folder where they would be typed.
struct IssueAdvice {
  let role: Role
  let files: FileReader

  init(_ role: Role, _ files: FileReader) {
    self.role = role
    self.files = files
  }

  /// How to get a certificate; makes a CA only where there is none, and replaces a certificate that is there.
  var sentence: String {
    let name = role == .core ? "--core HOST" : "--edge NAME"
    let issue = "quicgw certs issue certs \(name)" + (isThere("certs/\(role.rawValue)") ? " --force" : "")
    let command = files.exists("certs/ca.pem") ? issue : "quicgw certs init certs && \(issue)"
    return "make it with “\(command)”, or name another file"
  }

  /// How to replace a certificate by one with the same names.
  func renewal(of leaf: Credentials.Leaf, in file: String) -> String {
    let parts = file.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
    let base = file.split(separator: "/").last.map { $0.hasSuffix(".pem") ? $0.dropLast(4) : $0 } ?? ""
    let isWithAuthority = files.exists("\(folder)/ca.key")
    let names = leaf.dnsNames.isEmpty ? (role == .core ? "HOST" : "NAME") : leaf.dnsNames.joined(separator: " ")
    var command = "quicgw certs issue \(isWithAuthority ? folder : "DIR") --\(role.rawValue) \(names)"
    if base != role.rawValue { command += " --out \(base)" }
    let place = isWithAuthority ? "" : ", in the folder DIR that has the CA's key"
    return "issue a new one with “\(command) --force”\(place)"
  }

  private func isThere(_ base: String) -> Bool { files.exists("\(base).pem") || files.exists("\(base).key") }
}
