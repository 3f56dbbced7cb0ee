/// Values from the command line; each wins over the same value of the file, and is named by its flag in errors.
public struct Overrides: Sendable, Equatable {
  /// `--listen`, as `host:port`: the core's UDP address, or an HTTP listener of an edge. An edge's listeners by flags stand in
  /// place of all of the file's.
  public var listen: [String] = []
  /// `--tcp`: `[HOST:]PORT=SERVICE` at an edge, `[HOST:]PORT=SERVICE@EDGE` at a core; in place of all listeners of the file.
  public var tcp: [String] = []
  /// `--proxy`, edge only: `[HOST:]PORT`.
  public var proxy: [String] = []
  /// `--connect`, core only: targets of CONNECT, in place of the file's.
  public var connect: [String] = []
  /// `--cert`: a file.
  public var certificate: String?
  /// `--key`: a file.
  public var key: String?
  /// `--ca`: a file.
  public var ca: String?
  /// `--service`, core only: `NAME=URL`; a name repeated has several origins. In place of the file's service of that name.
  public var services: [String] = []
  /// `--expose`, edge only: like `--service`, of services that the core may call.
  public var expose: [String] = []
  /// `--upstream`, edge only: `host:port`, or several with commas between them; in place of all of the file's.
  public var upstream: [String] = []
  /// `--server-name`, edge only.
  public var serverName: String?
  /// `--admin`: `host:port`.
  public var admin: String?
  /// `--qlog`: a folder.
  public var qlog: String?

  public init() {}
}
