import Observability
import Testing

@testable import quicgw

@Suite("What the service manager is told of readiness")
struct ServiceStatusTests {
  @Test("READY once, when the link is confirmed; the status follows the link")
  func follows() {
    var service = ServiceStatus(readyStatus: "connected to core:4433")
    #expect(service.change(to: .notReady("no link to core:4433: no answer")) == .status("no link to core:4433: no answer"))
    #expect(service.change(to: .ready) == .ready(status: "connected to core:4433"))
    #expect(service.change(to: .notReady("no link to core:4433: lost")) == .status("no link to core:4433: lost"))
    #expect(service.change(to: .ready) == .status("connected to core:4433"))
  }

  @Test("A reload does not make a process ready that was not")
  func reload() {
    var service = ServiceStatus(readyStatus: "serving")
    #expect(service.reloaded == nil)
    _ = service.change(to: .ready)
    _ = service.change(to: .notReady("no link"))
    #expect(service.reloaded == .ready(status: "no link"))
  }
}
