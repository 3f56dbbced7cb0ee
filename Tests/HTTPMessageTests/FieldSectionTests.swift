import HTTPMessage
import LinkEmulator
import Testing

@Suite struct FieldSectionTests {
  private let three: FieldSection = ["a": "1", "b": "2", "a": "3"]

  @Test func `fields keep their order and repeated names stay apart`() {
    #expect(three.map { text($0.name) + "=" + text($0.value) } == ["a=1", "b=2", "a=3"])
    #expect(three.count == 3)
    #expect(three.all("a").map(text) == ["1", "3"])
    #expect(three.first("a").map(text) == "1")
    #expect(three.text("b") == "2")
    #expect(three.first("c") == nil)
    #expect(three.all("c").isEmpty)
  }

  @Test func `a name is looked up as a whole and as it is written`() {
    let section: FieldSection = ["content-length": "5"]
    #expect(!section.contains("content"))
    #expect(!section.contains("content-length-x"))
    #expect(!section.contains("Content-Length"))
    #expect(section.contains(.contentLength))
  }

  @Test func `replace keeps the first place and removes the others`() {
    var section: FieldSection = ["x": "0", "a": "1", "b": "2", "a": "3", "c": "4", "a": "5"]
    let isReplaced = section.replace("a", with: "new".utf8)
    #expect(isReplaced)
    #expect(section == ["x": "0", "a": "new", "b": "2", "c": "4"])
    let isOtherReplaced = section.replace("z", with: "new".utf8)
    #expect(!isOtherReplaced)
    #expect(section.count == 4)
  }

  @Test func `replace keeps a field out of compression tables`() {
    var section = FieldSection()
    section.append(name: "authorization".utf8, value: "old".utf8, neverIndexed: true)
    section.replace("authorization", with: "new".utf8)
    #expect(section[0].neverIndexed)
  }

  @Test func `remove takes all of a name and says whether there was one`() {
    var section = three
    let removals = [section.remove("a"), section.remove("a"), section.remove("z")]
    #expect(removals == [true, false, false])
    #expect(section == ["b": "2"])
    section.remove("b")
    #expect(section.isEmpty)
  }

  @Test func `prepend puts a pseudo-header field before all others`() {
    var section = three
    section.prepend(.path, "/".utf8)
    #expect(section == [":path": "/", "a": "1", "b": "2", "a": "3"])
  }

  @Test func `removeAll sees names and values`() {
    var section = three
    section.removeAll { name, value in text(name) == "a" && text(value) == "3" }
    #expect(section == ["a": "1", "b": "2"])
  }

  @Test func `sections are equal by their fields, not by how they came about`() {
    var grown: FieldSection = ["gone": "0", "a": "0", "b": "2"]
    grown.remove("gone")
    grown.replace("a", with: "1".utf8)
    #expect(grown == ["a": "1", "b": "2"])
    #expect(grown != ["b": "2", "a": "1"])
    #expect(grown != ["a": "1"])
    var secret = FieldSection()
    secret.append(name: "a".utf8, value: "1".utf8, neverIndexed: true)
    #expect(secret != ["a": "1"])
    // The boundary between name and value counts, not only the bytes.
    #expect(["ab": "c"] as FieldSection != ["a": "bc"])
  }

  @Test func `a copy does not change with its original`() {
    var original = three
    let copy = original
    original.replace("a", with: "9".utf8)
    #expect(copy == ["a": "1", "b": "2", "a": "3"])
  }

  @Test func `the size is that of RFC 9114: names, values and 32 bytes a field`() {
    #expect(FieldSection().fieldSectionSize == 0)
    #expect((["ab": "cde", "f": ""] as FieldSection).fieldSectionSize == 5 + 32 + 1 + 32)
    var section = three
    section.remove("a")
    #expect(section.fieldSectionSize == 34)
  }

  @Test(arguments: [0, 1, 255, 256, 65_535, 65_536, 200_000])
  func `names and values of any length are kept whole`(length: Int) {
    let name = [UInt8](repeating: UInt8(ascii: "n"), count: length)
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: length * 2)
    var section: FieldSection = ["before": "1"]
    section.append(name: name, value: value)
    section.append(name: "after".utf8, value: "2".utf8)
    #expect(Array(section[1].name) == name)
    #expect(Array(section[1].value) == value)
    #expect(section.text("after") == "2")
    #expect(section.fieldSectionSize == 6 + 1 + 5 + 1 + 3 * length + 3 * 32)
  }

  @Test func `borrowed memory is copied and lent again`() {
    var section = FieldSection()
    var name = Array("name".utf8)
    var value = Array("value".utf8)
    name.withUnsafeBytes { name in
      value.withUnsafeBytes { value in section.append(rawName: name, rawValue: value, neverIndexed: true) }
    }
    name[0] = 0
    value[0] = 0
    section.append("empty", "")
    section.withRawFields { fields in
      #expect(fields.count == 2)
      #expect(String(decoding: fields.name(at: 0), as: UTF8.self) == "name")
      #expect(String(decoding: fields.value(at: 0), as: UTF8.self) == "value")
      #expect(fields.neverIndexed(at: 0))
      #expect(fields.value(at: 1).isEmpty)
      #expect(!fields.neverIndexed(at: 1))
    }
  }

  @Test(arguments: SeededGenerator.seeds)
  func `any sequence of changes gives what a list of pairs gives`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let names = ["a", "b", "content-type", "x-long-name"]
    var section = FieldSection()
    var model: [(name: String, value: String)] = []
    for step in 0..<200 {
      let name = names.randomElement(using: &generator)!
      let field = FieldName(name)
      let value = String(repeating: "v", count: Int.random(in: 0...3, using: &generator)) + String(step)
      switch Int.random(in: 0...9, using: &generator) {
      case 0...4:
        section.append(field, value)
        model.append((name, value))
      case 5:
        section.prepend(field, value.utf8)
        model.insert((name, value), at: 0)
      case 6, 7:
        let index = model.firstIndex { $0.name == name }
        let isReplaced = section.replace(field, with: value.utf8)
        #expect(isReplaced == (index != nil))
        guard let index else { break }
        model[index].value = value
        model = model.enumerated().filter { $0.offset <= index || $0.element.name != name }.map(\.element)
      case 8:
        let isRemoved = section.remove(field)
        #expect(isRemoved == model.contains { $0.name == name })
        model.removeAll { $0.name == name }
      default:
        section.removeAll { _, value in value.count % 3 == 0 }
        model.removeAll { $0.value.utf8.count % 3 == 0 }
      }
      #expect(section.map { [text($0.name), text($0.value)] } == model.map { [$0.name, $0.value] })
    }
  }

  private func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
