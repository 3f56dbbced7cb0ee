import Testing

/// Small files, small folders.
@Suite struct SizeTests {
  @Test func noFileIsLongerThan600Lines() {
    for file in SourceTree.package.sources + SourceTree.package.tests {
      #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines: one concept a file")
    }
  }

  @Test func noFolderHasMoreThanTenFiles() {
    for (folder, count) in SourceTree.fileCounts() {
      #expect(count <= 10, "\(folder) has \(count) files: make folders with a meaning")
    }
  }

  @Test func treeIsFound() {
    #expect(SourceTree.package.sources.contains { $0.path == "Sources/Gateway/Gateway.swift" })
    #expect(SourceTree.package.tests.contains { $0.path == "Tests/ArchitectureTests/SizeTests.swift" })
  }

  @Test func commentsAndTextsAreNoCode() {
    let code = CodeFilter.code(of: [#"let a = "x // \" y" // Task {"#, "/* Task {", "*/ b()", "c(\"\"\"", "Task {", "\"\"\", d)"])
    #expect(code == [#"let a = "" "#, "", " b()", "c(", "", ", d)"])
  }
}
