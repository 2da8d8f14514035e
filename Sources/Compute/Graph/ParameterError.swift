import Reporting

/// A parameter or state that does not fit its graph, plan or store.
public enum ParameterError: Fault {
  /// One name with two types: the existing one, and the one that was given or requested.
  case type(String, TensorType, TensorType)
  /// The name belongs to an input.
  case input(String)
  /// These parameters of a plan have no value and are not in a store.
  case noValue([String])
  case unknown(String, known: [String])
  /// The graph overwrites a parameter that the plan was given as a constant.
  case fixed(String)
  /// The op that makes a state's new value does not declare that it can overwrite the old one.
  /// `op` is nil if no op makes it.
  case undeclared(String, op: String?)
  /// An op reads a state's old value but also needs the new one.
  case readAfterwards(String, op: String)
  /// The old value is also an output under another name.
  case outlived(String, output: String)
  /// The store is in the memory of another device.
  case elsewhere(device: String)

  public var message: Message {
    switch self {
    case .type(let name, let first, let second):
      "parameter `\(name)` is \(first), not \(second)"
    case .input(let name): "`\(name)` is an input and cannot be a parameter as well"
    case .noValue(let names):
      "there is no value for \(names.map { "`\($0)`" }.joined(separator: ", "))"
    case .unknown(let name, let known):
      "there is no parameter `\(name)`, only \(known.joined(separator: ", "))"
    case .fixed(let name):
      "parameter `\(name)` is a constant of this plan, but the graph changes it"
    case .undeclared(let name, let op):
      """
      `\(name)` cannot be overwritten by \
      \(op.map { "\($0), because it does not declare this" } ?? "a value that is not the result of an op")
      """
    case .readAfterwards(let name, let op):
      "\(op) reads `\(name)` after it was overwritten"
    case .outlived(let name, let output):
      "`\(name)` is overwritten, but the output `\(output)` needs its old value"
    case .elsewhere(let device): "the parameters are not in the memory of \(device)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .noValue: "give the plan their values, or compile it with a store that holds them"
    case .fixed: "leave its value out of the plan and compile with a store"
    case .elsewhere(let device): "make a store on \(device)"
    case .type, .input, .unknown, .undeclared, .readAfterwards, .outlived: nil
    }
  }
}
