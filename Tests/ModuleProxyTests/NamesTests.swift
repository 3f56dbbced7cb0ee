@testable import ModuleProxy
import Testing

@Suite struct NamesTests {
  @Test(arguments: [
    ("example.test/a", "v1.2.3", true), ("example.test/a", "v0.0.0-20200101000000-abcdefabcdef", true), ("example.test/a", "v2.0.0", false),
    ("example.test/a", "v2.0.0+incompatible", true), ("example.test/a/v2", "v2.1.0", true), ("example.test/a/v2", "v1.0.0", false),
    ("example.test/v2ray", "v1.0.0", true), ("gopkg.in/yaml.v2", "v2.4.0", true), ("gopkg.in/yaml.v2", "v3.0.0", false),
    ("gopkg.in/a.v3-unstable", "v3.0.0", true), ("gopkg.in/check.v1", "v0.0.0-20200101000000-abcdefabcdef", true),
  ])
  func versionsFitTheirPaths(_ path: String, _ version: String, _ fits: Bool) throws {
    #expect(try #require(ModuleVersion(version)).fits(try #require(ModulePath(path))) == fits)
  }

  @Test func filesSayWhoseTheyAre() {
    func module(_ text: String) -> String? { GoModText(text.utf8)?.module }
    #expect(module("module example.test/a\n\ngo 1.21\n") == "example.test/a")
    #expect(module("// Deprecated: use v2\n\nmodule \"example.test/a\" // here\r\n") == "example.test/a")
    #expect(module("go 1.21\nmodule (\n\texample.test/a\n)\n") == "example.test/a")
    #expect(module("module a`b") == nil)
    let others = [
      "", "go 1.21\n", "modules example.test/a", "module", "<html>\nmodule example.test/a\n</html>", "module two words", "// module a",
    ]
    for text in others {
      #expect(module(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    "github.com/Azure/go-autorest", "golang.org/toolchain", "example.test/a~b/v2", "gopkg.in/yaml.v3", "a.b/c_d",
  ])
  func pathsThatThereAre(_ path: String) { #expect(ModulePath(path) != nil) }

  @Test(arguments: [
    "", "nodot/x", "example.test/", "/example.test", "example.test//a", "example.test/../etc", "example.test/.git", "example.test/a.",
    "Example.test/a", "-x.test/a", "example.test/a b", "example.test/ü", "example.test/a\0", "example.test/a@v1", "..", "./a.b",
  ])
  func pathsThatThereAreNot(_ path: String) { #expect(ModulePath(path) == nil) }

  @Test func capitalsAreEscaped() {
    #expect(ModulePath("github.com/Azure/Go")?.escaped == "github.com/!azure/!go")
    #expect(ModuleVersion("v1.0.0-RC1")?.escaped == "v1.0.0-!r!c1")
  }

  @Test(arguments: ["v1.2.3", "v0.0.0-20230102150405-abcdefabcdef", "v2.0.0+incompatible", "v0.0.1-go1.21.0.linux-amd64", "v1.0.0-rc.1"])
  func canonicalVersions(_ version: String) { #expect(ModuleVersion(version) != nil) }

  @Test(arguments: ["v1", "v1.2", "1.2.3", "v01.2.3", "v1.2.3+meta", "v1.2.3-", "v1.2.3-01", "master", "v1.2.3-a..b", "v1.2.3/.."])
  func otherVersions(_ version: String) { #expect(ModuleVersion(version) == nil) }

  @Test func resourcesAreTold() throws {
    func read(_ path: String) -> ModuleResource? { ModuleResource(path: ModuleResource.plain(Array(path.utf8)[...])) }
    let module = try #require(ModulePath("github.com/Azure/x"))
    let version = try #require(ModuleVersion("v1.2.3"))
    #expect(read("/github.com/!azure/x/@v/list") == .list(module))
    #expect(read("/github.com/%21azure/x/@v/list") == .list(module))
    #expect(read("/github.com/!azure/x/@latest") == .latest(module))
    #expect(read("/github.com/!azure/x/@v/v1.2.3.info") == .info(module, version))
    #expect(read("/github.com/!azure/x/@v/v1.2.3.mod") == .mod(module, version))
    #expect(read("/github.com/!azure/x/@v/v1.2.3.zip") == .zip(module, version))
    #expect(read("/github.com/!azure/x/@v/master.info") == .query(module, "master"))
    #expect(read("/sumdb/sum.golang.org/supported") == .databaseSupported("sum.golang.org"))
    #expect(read("/sumdb/sum.golang.org/latest") == .databaseLatest("sum.golang.org"))
    #expect(read("/sumdb/sum.golang.org/lookup/github.com/!azure/x@v1.2.3") == .databaseLookup("sum.golang.org", module, version))
    #expect(read("/sumdb/sum.golang.org/tile/8/0/x001/234.p/17") != nil)
  }

  @Test(arguments: [
    "/", "", "/index.html", "/github.com/Azure/x/@v/list", "/github.com/x/@v/../list", "/github.com/x/@v/v1.2.3.exe",
    "/github.com/x/@v/master.zip", "/github.com/x/@v/list?x=1", "/github.com/x/@v/%2e%2e.info", "/../x.y/@v/list", "/x.y/../@v/list",
    "/sumdb/../supported", "/sumdb/a/tile/../../x", "/sumdb/a/tile/8/0/..", "/sumdb//supported", "/github.com/x@v/list", "/@v/list",
    "/github.com/x/@v/.info", "/github.com/x/@v/...info",
  ])
  func everythingElseIsLeftAlone(_ path: String) { #expect(ModuleResource(path: Array(path.utf8)[...]) == nil) }

  @Test func patternsTakePrefixes() throws {
    let module = try #require(ModulePath("git.corp.example/team/tool"))
    for text in ["git.corp.example", "*.corp.example", "git.corp.example/team", "*.corp.example/*/tool", "g?t.corp.example", "*"] {
      #expect(ModulePattern(text)?.takes(module) == true, "\(text)")
    }
    for text in ["corp.example", "git.corp.example/other", "git.corp.example/team/tool/more", "git.corp"] {
      #expect(ModulePattern(text)?.takes(module) == false, "\(text)")
    }
    for text in ["g[i-k]t.corp.example/", "[^a-f]it.corp.example", "g\\it.*", "[fg]it.corp.example", "g[\\i]t.corp.example"] {
      #expect(ModulePattern(text)?.takes(module) == true, "\(text)")
    }
    for text in ["g[^i]t.corp.example", "[a-f]it.corp.example", "g[*]t.corp.example"] {
      #expect(ModulePattern(text)?.takes(module) == false, "\(text)")
    }
    for text in ["", "/", "a//b", "a[", "a[]", "a[b-]", "a[z-a]", "a\\", "a,b", "a b"] { #expect(ModulePattern(text) == nil, "\(text)") }
  }
}
