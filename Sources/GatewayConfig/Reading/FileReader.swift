import Foundation

/// Reads the files that a configuration names, relative to one folder.
struct FileReader {
  /// Where relative names begin; empty is the process's working directory.
  var folder = ""
  /// The wall clock, for certificates.
  var now = Date()

  func fullPath(_ file: String) -> String {
    folder.isEmpty || file.hasPrefix("/") ? file : "\(folder)/\(file)"
  }

  func exists(_ file: String) -> Bool {
    FileManager.default.fileExists(atPath: fullPath(file))
  }

  /// Whether a folder on the way to the file does not let this user through, so that nobody can say whether the file exists.
  func isHidden(_ file: String) -> Bool {
    do {
      _ = try attributes(of: file)
      return false
    } catch {
      return (error as? CocoaError)?.code == .fileReadNoPermission
    }
  }

  /// - Parameters:
  ///   - value: where the file is named; its path and place go into errors.
  ///   - advice: what to do if the file does not exist.
  func bytes(of file: String, named value: Value, ifMissing advice: String) throws(ConfigurationError) -> [UInt8] {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: fullPath(file)))
    } catch {
      if isHidden(file) { throw forbidden(file, named: value) }
      guard exists(file) else { throw value.error("the file \(file) does not exist", advice) }
      if isFolder(file) { throw value.error("\(file) is a folder", "name a file") }
      throw forbidden(file, named: value)
    }
    guard data.count <= Self.byteLimit else { throw value.error("the file \(file) has more than 1 MiB", "name another file") }
    return Array(data)
  }

  func forbidden(_ file: String, named value: Value) -> ConfigurationError {
    value.error(
      "the file \(file) cannot be read: permission denied",
      "give the user that quicgw runs as permission to read it, and to enter its folder")
  }

  /// The same for a file that must have something in it.
  func pem(of file: String, named value: Value, ifMissing advice: String) throws(ConfigurationError) -> [UInt8] {
    let bytes = try bytes(of: file, named: value, ifMissing: advice)
    guard !bytes.isEmpty else { throw value.error("the file \(file) is empty", "put PEM into it or name another file") }
    return bytes
  }

  /// The full path of a folder in which files can be made.
  func writableFolder(_ folder: String, named value: Value) throws(ConfigurationError) -> String {
    guard exists(folder) else {
      if isHidden(folder) { throw unwritable(folder, named: value) }
      throw value.error("the folder \(folder) does not exist", "make it, or name one that does")
    }
    guard isFolder(folder) else { throw value.error("\(folder) is not a folder", "name one") }
    guard FileManager.default.isWritableFile(atPath: fullPath(folder)) else { throw unwritable(folder, named: value) }
    return fullPath(folder)
  }

  private func unwritable(_ folder: String, named value: Value) -> ConfigurationError {
    value.error(
      "no files can be made in \(folder): permission denied", "give the user that quicgw runs as permission to write there")
  }

  /// True if others than the owner may read or write the file.
  func isOpenToOthers(_ file: String) -> Bool {
    guard let permissions = (try? attributes(of: file))?[.posixPermissions] as? NSNumber else { return false }
    return permissions.intValue & 0o077 != 0
  }

  private func isFolder(_ file: String) -> Bool {
    (try? attributes(of: file))?[.type] as? FileAttributeType == .typeDirectory
  }

  /// Of the file itself and not of the symbolic link that may lead to it: Kubernetes mounts secrets as links, whose mode is 0777.
  private func attributes(of file: String) throws -> [FileAttributeKey: Any] {
    try FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: fullPath(file)).resolvingSymlinksInPath().path)
  }

  private static let byteLimit = 1 << 20
}
