import Compute
import Testing

/// Every gradient rule compared with finite differences of the reference, in Double, on the op's
/// samples.
///
/// No op is left out: the compiler requires a rule or the declaration that there is none
/// (`NotDifferentiable`), and the test covers the whole catalogue.
@Suite struct GradientCheckTests {
  @Test(arguments: Catalogue.ops.map { $0.name })
  func finiteDifferences(_ name: String) throws {
    let op = try #require(Catalogue.ops.first { $0.name == name })
    if let rough = op as? any NotDifferentiable.Type {
      for sample in op.samples { try refuses(sample, rough.obstacle) }
      return
    }
    var seen: [Int: Int] = [:]
    // Samples with NaN or infinity have no slopes.
    for sample in op.samples where sample.inputs.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) {
      for (input, count) in try checked(sample) { seen[input, default: 0] += count }
    }
    #expect(!seen.isEmpty)
    for (input, count) in seen {
      #expect(count > 0, "\(name): no slope of input \(input) would show an error of 1 %")
    }
  }

  /// An op without a derivative throws an error with its reason.
  private func refuses(_ sample: Sample, _ reason: String) throws {
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    let outputs = try graph.apply(sample.op, to: inputs)
    let error = #expect(throws: GradientError.self) {
      try sample.op.gradient(inputs, outputs, given: outputs, in: &graph)
    }
    #expect(error?.description == "\(sample.op.label) has no gradient: \(reason)")
  }

  /// Compares a sample's gradients; returns for each float32 input how many slopes would show that
  /// its gradient is wrong by 1 %.
  private func checked(_ sample: Sample) throws -> [Int: Int] {
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    let outputs = try graph.apply(sample.op, to: inputs)
    // State that the op overwrites has no gradient.
    let state = sample.op.updates
    let smooth = inputs.indices.filter {
      sample.inputs[$0].type.element == .float32 && !state.values.contains($0)
        && !sample.op.data.contains($0)
    }
    let work = sample.op.work(
      sample.inputs.map(\.type), outputs.map { graph.type(of: $0) })
    let most = min(24, max(3, 500_000 / max(work.flops, 1)))
    var seen = Dictionary(uniqueKeysWithValues: smooth.map { ($0, 0) })
    for (output, value) in outputs.enumerated() where state[output] == nil {
      let weights = Reference.random(graph.type(of: value).shape, 0.5...1.5, seed: 11)
      var back = graph
      let gradients = try back.gradients(
        of: value, given: back.constant(weights.tensor), withRespectTo: smooth.map { inputs[$0] })
      for (input, gradient) in zip(smooth, gradients) {
        back.output("d\(input)", try #require(gradient, "\(sample.name): input \(input)"))
      }
      let found = back.evaluate(
        Dictionary(uniqueKeysWithValues: sample.inputs.enumerated().map { ("in\($0)", $1) }))
      for input in smooth {
        let gradient = found["d\(input)"]!
        #expect(gradient.type == sample.inputs[input].type)
        let count = gradient.values.count
        for place in Set((0..<min(most, count)).map { $0 * count / min(most, count) }) {
          let slope = Slope(sample, output: output, weights, input: input, element: place)
          #expect(
            slope.allows(gradient.values[place]),
            "\(sample.name): d/d in\(input)[\(place)] is \(gradient.values[place]), \(slope)")
          seen[input]! += slope.allows(1.01 * gradient.values[place]) ? 0 : 1
        }
      }
    }
    return seen
  }
}

/// The change of the weighted sum of an output with one element of one input.
private struct Slope: CustomStringConvertible {
  /// Extrapolated from two central differences.
  let centre: Double
  let left: Double
  let right: Double
  /// Whether the function has a jump here, so that no slope is meaningful.
  let jumps: Bool
  let isKink: Bool

  init(_ sample: Sample, output: Int, _ weights: Reference, input: Int, element: Int) {
    var inputs = sample.inputs
    let x = inputs[input].values[element]
    let step = 1e-4 * max(1, abs(x))
    func values(_ x: Double) -> [Double] {
      inputs[input].values[element] = x
      return sample.op.reference(inputs)[output].values
    }
    // Differences before sums, so that large constant elements do not hide the others.
    func slope(_ high: [Double], _ low: [Double], _ width: Double) -> Double {
      zip(zip(high, low), weights.values).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 } / width
    }
    let (above, below, here) = (values(x + step), values(x - step), values(x))
    let wide = slope(above, below, 2 * step)
    let narrow = slope(values(x + step / 2), values(x - step / 2), step)
    centre = (4 * narrow - wide) / 3
    left = slope(here, below, step)
    right = slope(above, here, step)
    // The difference of both sides shrinks with the step, but not at a kink.
    let half = (
      slope(here, values(x - step / 2), step / 2), slope(values(x + step / 2), here, step / 2)
    )
    isKink = abs(half.1 - half.0) > max(0.75 * abs(right - left), 1e-4 * max(1, abs(centre)))
    jumps = abs(wide - narrow) > 1e-3 * max(1, abs(narrow))
  }

  var isSmooth: Bool {
    !jumps && !isKink && abs(right - left) < 1e-2 * max(1, abs(centre))
  }

  /// At a kink any slope between those of both sides is correct; at a jump, any number.
  func allows(_ gradient: Double) -> Bool {
    if isSmooth { return abs(gradient - centre) <= 1e-5 * max(1, abs(centre)) }
    let slack = 1e-2 * max(1, abs(centre))
    return jumps
      ? gradient.isFinite
      : gradient >= min(left, right) - slack && gradient <= max(left, right) + slack
  }

  var description: String { "differences say \(centre) (\(left) and \(right))" }
}
