import HTTPMessage
import Testing

@Suite("Priority fields (RFC 9218)")
struct PriorityTests {
  @Test("what is said and what is not", arguments: [
    ([], nil, nil), (["u=5"], 5, nil), (["i"], nil, true), (["u=0, i"], 0, true), (["u=7,i=?0"], 7, false),
    ([" u=1; x=2 , i;y "], 1, true),
    (["u=2, u=4"], 4, nil), (["u=2", "i"], 2, true), (["u=2", "u=6, i=?1"], 6, true),
    (["other=\"u=1, \\\" i\", u=2"], 2, nil), (["list=(a b;q=1 \",\"), i"], nil, true), (["other=:YQ==:, *k, u=3"], 3, nil),
  ] as [([String], Int?, Bool?)])
  func isRead(values: [String], urgency: Int?, isIncremental: Bool?) {
    #expect(Priority(fields(values)) == Priority(urgency: urgency, isIncremental: isIncremental))
  }

  @Test("a member that cannot be meant says nothing", arguments: [
    "u=8", "u=-1", "u=+1", "u=1.5", "u", "u=a", "u=?1", "i=1", "i=\"\"", "u=99999999999999999999",
  ])
  func memberIsIgnored(value: String) {
    #expect(Priority(fields([value])) == Priority())
  }

  @Test("what is no dictionary says nothing", arguments: [
    "u=1,", ",u=1", "U=1", "u=1,,i", "u=1 i", "=1", "u=1, x=\"", "u=1, x=(a", "u=, i", "\u{e9}=1, i", "i u=1, i", "u=1 ;x=2, i",
  ])
  func fieldIsIgnored(value: String) {
    #expect(Priority(fields([value])).isIncremental == nil, "\(value)")
  }

  @Test("the server's word wins, parameter by parameter")
  func merging() {
    let client = Priority(urgency: 1, isIncremental: true)
    #expect(client.merged(with: Priority()) == client)
    #expect(client.merged(with: Priority(urgency: 5, isIncremental: nil)) == Priority(urgency: 5, isIncremental: true))
    #expect(client.merged(with: Priority(urgency: nil, isIncremental: false)) == Priority(urgency: 1, isIncremental: false))
  }

  private func fields(_ values: [String]) -> FieldSection {
    var section = FieldSection()
    for value in values { section.append(.priority, value) }
    return section
  }
}
