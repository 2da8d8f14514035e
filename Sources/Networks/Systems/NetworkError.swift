import Reporting

/// An operation that is not possible with a network.
public enum NetworkError: Fault {
  case unknownSystem(String, known: [String])
  case settings(system: String, reason: String)
  /// A file that does not state which network it belongs to.
  case unnamed(path: String, known: [String])
  /// A frame that does not fit the network.
  case frame(system: String, reason: String)
  /// Weights that do not state the units of their numbers.
  case unitless(system: String, what: String)
  /// Even the smallest tile exceeds the memory limit, bytes.
  case memory(system: String, limit: Int, needed: Int?, receptiveField: Int)
  /// A network for another task than the requested one.
  case task(system: String, wanted: String, purpose: String)

  public var message: Message {
    switch self {
    case .unknownSystem(let name, _): "there is no network `\(name)`"
    case .settings(let system, let reason):
      "the settings of \(system) are invalid: \(reason)"
    case .unnamed(let path, _): "\(path) does not state its network"
    case .frame(let system, let reason): "\(system) cannot process this frame: \(reason)"
    case .unitless(let system, let what):
      "neither the weights nor the settings of \(system) state \(what)"
    case .memory(let system, let limit, let needed, let field):
      "no tile of the frame can hold the receptive field of \(system), \(field) pixels, within \(limit >> 20) MiB"
        + Message(needed.map { ": the smallest needs \($0 >> 20) MiB" } ?? "")
    case .task(let system, let wanted, let purpose):
      "\(system) does not produce \(wanted); its purpose is \(purpose)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unknownSystem(_, let known): "the known networks are \(known.joined(separator: ", "))"
    case .unnamed(_, let known): "choose one of \(known.joined(separator: ", "))"
    case .unitless:
      """
      give the training's param_run.yaml, or a JSON file of `scaling` and `results`, with \
      \(.networkSettings)
      """
    case .memory: "raise the limit with \(.memory) MIB"
    case .task: "the list of networks shows what each network produces"
    case .settings, .frame: nil
    }
  }
}
