/// The version of this build, as `--version` prints it and a peer is told.
enum Version {
  static let current = "0.1.0"
}
