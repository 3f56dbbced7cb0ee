import Events
import HTTP3

extension MessageRefusal {
  init(_ defect: MessageDefect) {
    switch defect {
    case .malformed, .incomplete: self = .malformed
    case .ambiguousLength: self = .ambiguousLength
    case .forbiddenField: self = .forbiddenField
    case .fieldsTooLarge: self = .fieldsTooLarge
    }
  }
}

extension MessageDefect {
  /// For log lines and answers.
  var explanation: String {
    switch self {
    case .malformed: "it breaks the rules of RFC 9114 §4"
    case .ambiguousLength: "its Content-Length is not one clear number"
    case .forbiddenField: "it carries a field of one connection only (RFC 9114 §4.2)"
    case .fieldsTooLarge: "its fields are over the limits"
    case .incomplete: "its stream ended before a request stood on it"
    }
  }
}
