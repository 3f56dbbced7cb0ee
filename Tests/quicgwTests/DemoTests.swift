import Testing

@Suite("The demo", .timeLimit(.minutes(3)))
struct DemoTests {
  @Test("Every step crosses a real edge and a real core, is verified, and both drain")
  func everyStepCrosses() throws {
    let demo = try Command.quicgw("demo")
    #expect(demo.status == 0, "\(demo.output)\n\(demo.errors)")
    let steps = demo.output.split(separator: "\n").filter { $0.hasSuffix("✓") }
    #expect(steps.count == 17, "\(demo.output)")
    #expect(steps.allSatisfy { $0.contains("→ HTTP/3 →") && ($0.contains("edge-1.demo") || $0.contains("from the cloud")) })
    #expect(demo.output.contains("All 17 steps crossed"))
  }
}
