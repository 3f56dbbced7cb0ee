import Events

/// A failed download as one JSON object in a line, for collectors of logs that read standard output.
enum DownloadReport {
  static func line(_ failure: ModuleDownloadFailure, at time: WallTime) -> [UInt8] {
    var line = LineEncoder(format: .json)
    line.beginReport(time: time)
    line.field("event_type", "module_download_failure")
    line.field("module_name", failure.module)
    line.field("module_version", failure.version)
    line.field("url", failure.url)
    if let status = failure.status { line.field("http_status", status) }
    line.field("error_code", failure.cause)
    line.field("error_message", failure.message)
    line.field("retry_count", failure.retryCount)
    line.field("edge", failure.edge ?? "")
    line.field("node", failure.node)
    line.field("quicgw_version", failure.programVersion)
    line.end()
    return line.take()
  }
}
