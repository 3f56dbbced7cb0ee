import Events
import Testing

@testable import Observability

/// A failed download is one JSON object on standard output, whatever the log's format and level are.
@Suite struct DownloadReportTests {
  private let failure = ModuleDownloadFailure(
    module: "example.test/a", version: "v1.0.0", url: "/example.test/a/@v/v1.0.0.zip", status: 502, cause: "hash_mismatch",
    message: "its hash is \"another\"", retryCount: 2, edge: "edge-1", node: "node-1", programVersion: "1.0")

  @Test func reportIsOneObject() {
    let line = String(decoding: DownloadReport.line(failure, at: sampleTime), as: UTF8.self)
    #expect(
      line == """
        {"timestamp":"2024-02-29T12:00:00.007Z","event_type":"module_download_failure","module_name":"example.test/a",\
        "module_version":"v1.0.0","url":"/example.test/a/@v/v1.0.0.zip","http_status":502,"error_code":"hash_mismatch",\
        "error_message":"its hash is \\"another\\"","retry_count":2,"edge":"edge-1","node":"node-1","quicgw_version":"1.0"}

        """)
  }

  @Test func countersCountWhatWasSaved() {
    var counts = ModuleCounts()
    for answer in ModuleAnswer.allCases { counts.record(.answered(answer, byteCount: 10)) }
    counts.record(.downloadFailed(failure))
    counts.record(.refused(.malformed, path: "", reason: ""))
    counts.record(.evicted(entryCount: 3, byteCount: 30))
    var sum = counts
    sum.add(counts)
    #expect((sum.savedBytes, sum.failures, sum.evictions, sum.evictedBytes) == (80, 2, 6, 60))
    #expect(sum.answers[.stale] == 2 && sum.refusals[.malformed] == 2)
  }
}
