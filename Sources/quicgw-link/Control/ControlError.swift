/// Why a command is refused, in one sentence.
struct ControlError: Error, Equatable, CustomStringConvertible {
  let description: String

  static let notACommand = ControlError("a command is a JSON object in one line")

  init(_ description: String) { self.description = description }

  /// Something is wrong at a place: `forward.loss: must be …`.
  init(at path: String, _ problem: String) { description = "\(path): \(problem)" }
}
