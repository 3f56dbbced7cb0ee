import Testing

@Suite("The command line")
struct CommandLineTests {
  @Test("--version names the program and its version")
  func version() throws {
    let version = try Command.quicgw("--version")
    #expect(version.status == 0)
    #expect(version.output.hasPrefix("quicgw "))
    #expect(version.errors.isEmpty)
  }

  @Test(
    "Help goes to standard output and is no failure",
    arguments: [["--help"], ["certs", "--help"], ["certs", "issue", "--help"]])
  func help(arguments: [String]) throws {
    let help = try Command.run(Command.program(), arguments)
    #expect(help.status == 0)
    #expect(help.output.contains("USAGE"))
  }

  @Test(
    "A command line that cannot be understood is one sentence and status 2",
    arguments: [
      ["frobnicate"], ["certs", "issue"], ["certs", "init", "a", "b"], ["--frobnicate"],
      ["certs", "issue", "x", "--days", "many"],
    ])
  func misunderstood(arguments: [String]) throws {
    let command = try Command.run(Command.program(), arguments)
    #expect(command.status == 2)
    #expect(command.output.isEmpty)
    #expect(command.errorLines.count == 1, "\(command.errors)")
    #expect(command.errors.contains("--help"))
  }
}
