import Reporting

/// One kind of computation: its definition, shape rule, implementation on each device, gradient and
/// samples, in one file.
///
/// The definition is `reference`: plain Double code that a reader can check against the paper.
/// Every op runs on every device; a candidate that does not support a case gives the reason, and
/// the last one supports all.
package protocol Op: Sendable {
  /// The op's name in plans, profiles and `glint parity`.
  static var name: String { get }

  /// Cases for parity tests, gradient checks and benchmarks: odd sizes, edges, every branch. Every
  /// op needs samples.
  static var samples: [Sample] { get }

  /// The parameters in a few characters, for case names, for example "σ 1.2/3".
  var parameters: String { get }

  /// Shape rule: types of the outputs; throws if the inputs do not fit.
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType]

  /// The definition, in Double.
  func reference(_ inputs: [Reference]) -> [Reference]

  /// The op on absolute values; rounding errors of sums are measured relative to it.
  func magnitudes(_ inputs: [Reference]) -> [Reference]

  /// Implementations for the CPU, best first.
  var cpu: [Candidate<CPULaunch>] { get }

  /// Implementations for OpenCL devices, best first.
  var openCL: [Candidate<OpenCLLaunch>] { get }

  /// Which elements of the outputs the op defines; nil for all. A list with more room than entries
  /// leaves the rest undefined.
  func defined(_ outputs: [Reference]) -> [[Bool]?]

  /// Outputs that may share memory with an input, with that input: kernels write an element of the
  /// output only after the last read of the input's elements that it replaces. Only such ops can
  /// write a state's new value over the old one; parity runs them both ways.
  var updates: [Int: Int] { get }

  /// Inputs that are data, such as the targets of a loss: they get no gradient.
  var data: Set<Int> { get }

  /// Floating-point operations and bytes of main memory that any implementation needs.
  func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work

  /// Adds to `graph` the gradient with respect to each input, from that of each output; nil for an
  /// input that has none (an integer). There is no default: an op without a derivative conforms to
  /// `NotDifferentiable`, and every other rule is checked on all samples.
  func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?]
}

extension Op {
  package var parameters: String { "" }
  package var name: String { Self.name }
  package var label: String { parameters.isEmpty ? Self.name : "\(Self.name)(\(parameters))" }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] { outputs.map { _ in nil } }

  package var updates: [Int: Int] { [:] }
  package var data: Set<Int> { [] }

  package func magnitudes(_ inputs: [Reference]) -> [Reference] {
    reference(inputs.map { Reference($0.type, $0.values.map(abs)) })
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 0, bytes: (inputs + outputs).bytes)
  }
}

/// An op that declares that it has no gradient; asking for one throws `GradientError`.
package protocol NotDifferentiable: Op {
  /// The reason, in the words of the error.
  static var obstacle: String { get }
}

extension NotDifferentiable {
  package static var obstacle: String { "its outputs are not smooth in its inputs" }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    throw GradientError(op: label, reason: Self.obstacle)
  }
}

/// The gradient of another op that is not a polynomial of its inputs; it has no gradient of its
/// own.
protocol FirstOrder: NotDifferentiable {}

extension FirstOrder {
  package static var obstacle: String { "second derivatives stop at it" }
}

/// An op whose kernels can apply a chain of elementwise steps to each result before storing it.
package protocol EpilogueHost: Op {
  /// The same op followed by `steps`; nil if its kernels do not support that.
  func absorbing(_ steps: [ElementwiseStep]) -> (any Op)?
}

/// An op whose kernels can write their one result into a range of a wider tensor's channels, and
/// can read inputs from such ranges.
protocol ChannelRanged: Op {
  /// Whether this input may be a range.
  func readsRange(_ input: Int) -> Bool
}

/// The operations and memory traffic that an op needs, however it is implemented.
package struct Work: Hashable, Sendable {
  package var flops: Int
  package var bytes: Int

  package init(flops: Int, bytes: Int) {
    self.flops = flops
    self.bytes = bytes
  }
}

/// Inputs that do not fit an op.
package struct ShapeError: Fault {
  package let op: String
  package let reason: String
  package var remedy: Message?

  package init(_ op: String, _ reason: String, hint remedy: Message? = nil) {
    self.op = op
    self.reason = reason
    self.remedy = remedy
  }

  package var message: Message { "\(op): \(reason)" }
}

/// A gradient was requested through an op that has none.
package struct GradientError: Fault {
  package let op: String
  package let reason: String

  package init(op: String, reason: String) {
    self.op = op
    self.reason = reason
  }

  package var message: Message { "\(op) has no gradient: \(reason)" }
}
