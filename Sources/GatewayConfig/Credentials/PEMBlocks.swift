/// The blocks of a PEM file (RFC 7468), each with its label and as text of its own.
struct PEMBlocks {
  let blocks: [(label: String, text: String)]

  init(_ bytes: [UInt8]) {
    var blocks: [(label: String, text: String)] = []
    var current: (label: String, lines: [Substring])?
    let text = String(decoding: bytes, as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmingBlanks
      if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
        current = (String(line.dropFirst(11).dropLast(5)), [line])
      } else if let open = current {
        current?.lines.append(line)
        if line == "-----END \(open.label)-----" {
          blocks.append((open.label, ((open.lines + [line]).joined(separator: "\n") + "\n")))
          current = nil
        }
      }
    }
    self.blocks = blocks
  }

  func texts(labelled label: String) -> [String] {
    blocks.filter { $0.label == label }.map(\.text)
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
