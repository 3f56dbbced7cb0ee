import Gateway
import Yams

/// One value of a configuration with the way to it, so that everything that is wrong with it can be said with its place.
struct Value {
  /// `services.modules.origins[0]`; a flag for values of the command line.
  let path: String
  /// `core.yaml:12`; nil on the command line.
  let place: String?
  private let node: Node

  init(_ node: Node, path: String, file: String) {
    self.node = node
    self.path = path
    place = node.mark.map { "\(file):\($0.line)" } ?? file
  }

  /// A value of the command line.
  init(flag: String, _ text: String) {
    path = flag
    place = nil
    node = Node(text, Tag(.str))
  }

  func error(_ message: String, _ advice: String) -> ConfigurationError {
    ConfigurationError(place: place, path: path, message: message, advice: advice)
  }
}

// MARK: Scalars

extension Value {
  /// A text; numbers and truth values must be quoted to be one.
  func text() throws(ConfigurationError) -> String {
    let scalar = try scalar("a text")
    guard node.tag == Tag(.str) else { throw error("“\(scalar)” is \(kind), not a text", "put it in quotes if it is meant") }
    return scalar
  }

  func integer(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    let scalar = try scalar("a number")
    guard let number = Int(scalar) else {
      let what = scalar.isWholeNumber ? "\(scalar) is out of range" : "“\(scalar)” is not a whole number"
      throw error(what, "write one from \(range.lowerBound) to \(range.upperBound)")
    }
    return try checked(number, in: range) { String($0) }
  }

  func flag() throws(ConfigurationError) -> Bool {
    let scalar = try scalar("true or false")
    switch scalar {
    case "true": return true
    case "false": return false
    default: throw error("“\(scalar)” is neither true nor false", "write one of them")
    }
  }

  func duration(in range: ClosedRange<Duration>) throws(ConfigurationError) -> Duration {
    let scalar = try scalar("a duration")
    guard let duration = Duration(configured: scalar) else {
      if Duration.isTooLong(scalar) { throw outOfRange(scalar, range, \.configuredText) }
      let advice =
        Int(scalar) == nil ? "write a whole number and ms, s, m or h, as in 10s" : "add its unit, as in \(scalar)s or \(scalar)ms"
      throw error(Int(scalar) == nil ? "“\(scalar)” is not a duration" : "“\(scalar)” has no unit", advice)
    }
    return try checked(duration, in: range, \.configuredText)
  }

  func byteCount(in range: ClosedRange<ByteCount>) throws(ConfigurationError) -> ByteCount {
    let scalar = try scalar("a size")
    guard let count = ByteCount(scalar) else {
      if ByteCount.isTooLarge(scalar) { throw outOfRange(scalar, range, \.description) }
      let advice =
        Int(scalar) == nil
        ? "write a whole number and B, KiB, MiB or GiB, as in 32MiB" : "add its unit, as in \(scalar)KiB or \(scalar)MiB"
      throw error(Int(scalar) == nil ? "“\(scalar)” is not a size" : "“\(scalar)” has no unit", advice)
    }
    return try checked(count, in: range, \.description)
  }

  /// One of a few words. YAML takes some words (`off`, `yes`) for truth values; here they are what they look like.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws(ConfigurationError) -> Choice {
    let words = Choice.allCases.map(\.rawValue)
    let scalar = try scalar(words.joined(separator: " or "))
    guard let choice = Choice(rawValue: scalar) else {
      throw error("“\(scalar)” is not known here", "write \(words.joined(separator: ", "))")
    }
    return choice
  }

  func hostPort(example: String) throws(ConfigurationError) -> HostPort {
    if case .sequence = node { throw error("an address in brackets is a list to YAML", "put it in quotes, as in \"\(example)\"") }
    let scalar = try scalar("an address")
    guard let address = HostPort(scalar) else {
      if let host = HostPort.hostThatIsHalfAnAddress(in: scalar) {
        throw error("“\(host)” is not an IPv4 address", "write four numbers from 0 to 255, as in 127.0.0.1, or a name")
      }
      throw error("“\(scalar)” is not an address with a port", "write host:port, as in \"\(example)\"")
    }
    return address
  }

  /// An address to listen on. Port 0, which the system replaces by another one at each start, is for flags: whoever writes a file
  /// wants to find the port again.
  func listenAddress(example: String) throws(ConfigurationError) -> HostPort {
    let address = try hostPort(example: example)
    guard address.port != 0 || place == nil else {
      throw error("port 0 would be another port at each start", "write the port to listen on, as in \"\(example)\"")
    }
    return address
  }

  /// A name that may be the authority of requests on the link.
  func serviceName() throws(ConfigurationError) -> String {
    let name = try text()
    guard Service.isName(name) else {
      throw error("“\(name)” cannot be the name of a service", "use lower-case letters, digits, “-”, “_” and “.”")
    }
    return name
  }

  private func scalar(_ wanted: String) throws(ConfigurationError) -> String {
    guard case .scalar(let scalar) = node else { throw error("\(kind) stands where \(wanted) is wanted", "write \(wanted)") }
    guard node.tag != Tag(.null) else { throw error("it has no value", "give it one or remove the key") }
    return scalar.string
  }

  private func checked<Quantity: Comparable>(
    _ quantity: Quantity, in range: ClosedRange<Quantity>, _ text: (Quantity) -> String
  ) throws(ConfigurationError) -> Quantity {
    guard range.contains(quantity) else { throw outOfRange(text(quantity), range, text) }
    return quantity
  }

  private func outOfRange<Quantity>(
    _ written: String, _ range: ClosedRange<Quantity>, _ text: (Quantity) -> String
  ) -> ConfigurationError {
    error("\(written) is out of range", "choose from \(text(range.lowerBound)) to \(text(range.upperBound))")
  }
}

// MARK: Lists and mappings

extension Value {
  var isScalar: Bool { if case .scalar = node { true } else { false } }
  var isList: Bool { if case .sequence = node { true } else { false } }
  var isMapping: Bool { if case .mapping = node { true } else { false } }
  var isEmptyList: Bool { if case .sequence(let sequence) = node { sequence.isEmpty } else { false } }

  /// The elements of a list; a single text stands for a list of one.
  func listOrOne() throws(ConfigurationError) -> [Value] {
    if isScalar, node.tag != Tag(.null) { return [self] }
    return try list()
  }

  func list() throws(ConfigurationError) -> [Value] {
    guard case .sequence(let sequence) = node else {
      if node.tag == Tag(.null) { throw error("it has no value", "give it one or remove the key") }
      throw error("\(kind) stands where a list is wanted", "write a list, as in [a, b]")
    }
    let file = place?.split(separator: ":").dropLast().joined(separator: ":") ?? ""
    return sequence.enumerated().map { Value($1, path: "\(path)[\($0)]", file: file) }
  }

  /// A mapping whose keys are known.
  func section(_ keys: [String], hint: (String) -> String? = { _ in nil }) throws(ConfigurationError) -> Section {
    let section = try mapping()
    try section.refuseOthers(than: keys, hint: hint)
    return section
  }

  /// A mapping whose keys are names that the user chooses.
  func mapping() throws(ConfigurationError) -> Section {
    guard case .mapping(let mapping) = node else {
      if node.tag == Tag(.null) { throw error("it has no value", "give it one or remove the key") }
      throw error("\(kind) stands where a mapping is wanted", "write key: value")
    }
    let file = place?.split(separator: ":").dropLast().joined(separator: ":") ?? ""
    return try Section(mapping, path: path, file: file)
  }

  private var kind: String {
    switch node {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    case .scalar:
      switch node.tag {
      case Tag(.int), Tag(.float): "a number"
      case Tag(.bool): "a truth value"
      case Tag(.null): "nothing"
      case Tag(.timestamp): "a date"
      default: "a text"
      }
    }
  }
}

extension String {
  fileprivate var isWholeNumber: Bool { !isEmpty && utf8.allSatisfy { (48...57).contains($0) } }
}
