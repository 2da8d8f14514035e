/// A setting with which no movie can be simulated.
public struct SimulationError: Error, Hashable, CustomStringConvertible {
  /// The setting's name as in `SimulationSettings`, for example "photons.mean".
  public let setting: String
  public let problem: String
  public let hint: String?

  public init(_ setting: String, _ problem: String, hint: String? = nil) {
    self.setting = setting
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    "cannot simulate: \(setting) \(problem)" + (hint.map { "\nhint: \($0)" } ?? "")
  }
}
