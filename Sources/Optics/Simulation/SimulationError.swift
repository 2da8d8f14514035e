import Reporting

/// An invalid setting of a simulation.
public struct SimulationError: Fault, Hashable {
  /// The setting's name as in `SimulationSettings`, for example "photons.mean".
  public let setting: String
  public let problem: String
  public let remedy: Message?

  public init(_ setting: String, _ problem: String, hint: Message? = nil) {
    self.setting = setting
    self.problem = problem
    remedy = hint
  }

  public var message: Message { "cannot simulate: \(setting) \(problem)" }
}
