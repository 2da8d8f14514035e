import Reporting

/// One kind of computation: its meaning, its shape rule, how each machine does it, its gradient and
/// its sample cases, in one file.
///
/// The meaning is `reference`: plain code in Double that a reader can check against the paper. Every
/// op runs on every device; a candidate that cannot serve a case says why, and the last always can.
public protocol Op: Sendable {
  /// The op's name, the same in plans, profiles and `glint parity`.
  static var name: String { get }

  /// Cases that stand for the op in parity tests, gradient checks and benchmarks: odd sizes, edges,
  /// every branch. An op without samples is not finished.
  static var samples: [Sample] { get }

  /// The parameters in a few characters, for case names: "σ 1.2/3".
  var parameters: String { get }

  /// Shape rule: types of the outputs, or why the inputs do not fit.
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType]

  /// The definition, in Double.
  func reference(_ inputs: [Reference]) -> [Reference]

  /// The op on absolute values: what the roundings of a sum are measured by.
  func magnitudes(_ inputs: [Reference]) -> [Reference]

  /// Ways to do it on the CPU, best first.
  var cpu: [Candidate<CPULaunch>] { get }

  /// Ways to do it on an OpenCL device, best first.
  var openCL: [Candidate<OpenCLLaunch>] { get }

  /// Which elements of the outputs the op defines; nil for all of them. A list with room for more
  /// rows than it holds leaves the rest undefined.
  func defined(_ outputs: [Reference]) -> [[Bool]?]

  /// Outputs that may lie where an input lies, by the input: the kernels write an element of the output
  /// only after the last read of the input's elements that it replaces. A plan writes a state's new value
  /// over the old one only where the op says so; parity runs such ops both ways.
  var updates: [Int: Int] { get }

  /// Floating-point operations and bytes of main memory that any implementation needs.
  func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work

  /// Adds to `graph` the gradient with respect to each input, given that of each output; nil for an
  /// input that has none (an integer). There is no default: an op without a derivative says so by
  /// conforming to `NotDifferentiable`, and every other rule is checked on all samples.
  func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?]
}

extension Op {
  public var parameters: String { "" }
  public var name: String { Self.name }
  public var label: String { parameters.isEmpty ? Self.name : "\(Self.name)(\(parameters))" }

  public func defined(_ outputs: [Reference]) -> [[Bool]?] { outputs.map { _ in nil } }

  public var updates: [Int: Int] { [:] }

  public func magnitudes(_ inputs: [Reference]) -> [Reference] {
    reference(inputs.map { Reference($0.type, $0.values.map(abs)) })
  }

  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 0, bytes: (inputs + outputs).reduce(0) { $0 + $1.bytes })
  }
}

/// An op that has no gradient rule, by its own declaration: asked for one it throws `GradientError`.
public protocol NotDifferentiable: Op {
  /// Why, as the error says it.
  static var obstacle: String { get }
}

extension NotDifferentiable {
  public static var obstacle: String { "its outputs are not smooth in its inputs" }

  public func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    throw GradientError(op: label, reason: Self.obstacle)
  }
}

/// The gradient of another op that is not a polynomial of its inputs: it is not differentiated again.
protocol FirstOrder: NotDifferentiable {}

extension FirstOrder {
  public static var obstacle: String { "second derivatives stop at it" }
}

/// An op whose kernels can apply a chain of elementwise steps to each result before storing it.
public protocol EpilogueHost: Op {
  /// The same op followed by `steps`, or nil where its kernels cannot.
  func absorbing(_ steps: [ElementwiseStep]) -> (any Op)?
}

/// An op whose kernels write their one result as a range of a wider tensor's channels where they are
/// told to, and read inputs that lie so.
protocol ChannelRanged: Op {
  /// Whether that input may be a range.
  func readsRange(_ input: Int) -> Bool
}

/// What an op needs of a machine, however it is done.
public struct Work: Hashable, Sendable {
  public var flops: Int
  public var bytes: Int

  public init(flops: Int, bytes: Int) {
    self.flops = flops
    self.bytes = bytes
  }
}

/// Inputs that an op cannot take.
public struct ShapeError: Fault {
  public let op: String
  public let reason: String
  public var remedy: Message?

  public init(_ op: String, _ reason: String, hint remedy: Message? = nil) {
    self.op = op
    self.reason = reason
    self.remedy = remedy
  }

  public var message: Message { "\(op): \(reason)" }
}

/// A gradient asked for through an op that has none.
public struct GradientError: Fault {
  public let op: String
  public let reason: String

  public init(op: String, reason: String) {
    self.op = op
    self.reason = reason
  }

  public var message: Message { "\(op) has no gradient: \(reason)" }
}
