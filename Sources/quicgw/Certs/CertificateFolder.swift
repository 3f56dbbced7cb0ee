import Foundation
import X509

/// The folder that `quicgw certs` writes: `ca.pem`, `ca.key` and a pair of files for each leaf.
struct CertificateFolder {
  let path: String

  /// Opens a folder, making it with mode 0700 if there is none.
  static func prepared(at path: String) throws -> CertificateFolder {
    var isFolder = ObjCBool(false)
    if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw CommandError.configuration("\(path) is a file; name a folder for the certificates") }
    } else {
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw CommandError.configuration("the folder \(path) cannot be made: \(Self.reason(error))")
      }
    }
    return CertificateFolder(path: path)
  }

  func file(_ name: String) -> String {
    path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }

  /// Reads the authority of this folder.
  /// - Throws: `CommandError` that says which file is missing or wrong and what to do.
  func authority() throws -> CertificateAuthority {
    let certificate: Certificate
    let key: Certificate.PrivateKey
    do {
      certificate = try Certificate(pemEncoded: read("ca.pem"))
    } catch where !(error is CommandError) {
      throw CommandError.configuration(
        "\(file("ca.pem")) does not hold a certificate in PEM form; put the CA's certificate there")
    }
    do {
      key = try Certificate.PrivateKey(pemEncoded: read("ca.key"))
    } catch where !(error is CommandError) {
      throw CommandError.configuration("\(file("ca.key")) does not hold a private key in PEM form; put the CA's key there")
    }
    guard key.publicKey == certificate.publicKey else {
      throw CommandError.configuration("\(file("ca.key")) is not the key of \(file("ca.pem")); put the pair of one CA there")
    }
    guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
      throw CommandError.configuration(
        "\(file("ca.pem")) is not the certificate of a CA; make one with: quicgw certs init \(path)")
    }
    return CertificateAuthority(certificate: certificate, key: key)
  }

  /// Writes a certificate (0644) and its key (0600).
  /// - Parameters:
  ///   - name: the files' name without extension.
  ///   - replacing: whether existing files may be replaced; otherwise one that exists is an error and stays as it is.
  func write(_ name: String, certificatePEM: String, keyPEM: String, replacing: Bool) throws {
    let certificateFile = file("\(name).pem")
    let keyFile = file("\(name).key")
    if replacing {
      try attempt(keyFile) { try NewFile.replace(keyFile, permissions: 0o600, content: keyPEM) }
      try attempt(certificateFile) { try NewFile.replace(certificateFile, permissions: 0o644, content: certificatePEM) }
      return
    }
    for path in [certificateFile, keyFile] where FileManager.default.fileExists(atPath: path) {
      throw Self.existing(path)
    }
    try attempt(keyFile) { try NewFile.create(keyFile, permissions: 0o600, content: keyPEM) }
    do {
      try attempt(certificateFile) { try NewFile.create(certificateFile, permissions: 0o644, content: certificatePEM) }
    } catch {
      try FileManager.default.removeItem(atPath: keyFile)
      throw error
    }
  }

  private func read(_ name: String) throws -> String {
    do {
      return try String(contentsOfFile: file(name), encoding: .utf8)
    } catch {
      guard FileManager.default.fileExists(atPath: file(name)) else {
        throw CommandError.configuration(
          "there is no CA in \(path) (\(name) is missing): make one with: quicgw certs init \(path)")
      }
      throw CommandError.configuration("\(file(name)) cannot be read: \(Self.reason(error))")
    }
  }

  private func attempt(_ path: String, _ write: () throws -> Void) throws {
    do {
      try write()
    } catch let error as POSIXError where error.code == .EEXIST {
      throw Self.existing(path)
    } catch {
      throw CommandError.configuration("\(path) cannot be written: \(Self.reason(error))")
    }
  }

  private static func existing(_ path: String) -> CommandError {
    .configuration("\(path) exists and is left as it is; use --force to replace it")
  }

  private static func reason(_ error: any Error) -> String {
    let posix = (error as? POSIXError) ?? ((error as? CocoaError)?.underlying as? POSIXError)
    guard let posix else { return error.localizedDescription }
    switch posix.code {
    case .EACCES, .EPERM: return "permission denied"
    case .ENOENT: return "no such folder"
    case .ENOSPC: return "the disk is full"
    case .EROFS: return "the file system is read-only"
    case .ENOTDIR: return "a part of the path is a file"
    default: return posix.localizedDescription
    }
  }
}
