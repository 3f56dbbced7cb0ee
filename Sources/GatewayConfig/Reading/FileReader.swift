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

  /// - Parameters:
  ///   - value: where the file is named; its path and place go into errors.
  ///   - advice: what to do if the file does not exist.
  func bytes(of file: String, named value: Value, ifMissing advice: String) throws(ConfigurationError) -> [UInt8] {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: fullPath(file)))
    } catch {
      guard exists(file) else { throw value.error("the file \(file) does not exist", advice) }
      if isFolder(file) { throw value.error("\(file) is a folder", "name a file") }
      throw value.error("the file \(file) cannot be read", "give the user that quicgw runs as permission to read it")
    }
    guard data.count <= Self.byteLimit else { throw value.error("the file \(file) has more than 1 MiB", "name another file") }
    return Array(data)
  }

  /// The same for a file that must have something in it.
  func pem(of file: String, named value: Value, ifMissing advice: String) throws(ConfigurationError) -> [UInt8] {
    let bytes = try bytes(of: file, named: value, ifMissing: advice)
    guard !bytes.isEmpty else { throw value.error("the file \(file) is empty", "put PEM into it or name another file") }
    return bytes
  }

  /// True if others than the owner may read or write the file.
  func isOpenToOthers(_ file: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: fullPath(file))
    guard let permissions = attributes?[.posixPermissions] as? NSNumber else { return false }
    return permissions.intValue & 0o077 != 0
  }

  private func isFolder(_ file: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: fullPath(file))
    return attributes?[.type] as? FileAttributeType == .typeDirectory
  }

  private static let byteLimit = 1 << 20
}
