/// A test case of an op: inputs, and how close the result must come to the reference.
package struct Sample: Sendable {
  package let op: any Op
  package let inputs: [Reference]
  /// What distinguishes this case, in a word or two; part of its name.
  package let note: String
  /// One per output.
  package let tolerances: [Tolerance]
  /// Small enough for an interpreter that runs a thousand work-items in tens of milliseconds.
  package let tiny: Bool

  /// A case of `op`. A single tolerance applies to all outputs.
  package init(
    _ op: any Op, _ inputs: [Reference], note: String = "", _ tolerances: Tolerance...,
    tiny: Bool = false
  ) {
    self.op = op
    self.inputs = inputs
    self.note = note
    self.tolerances = tolerances
    self.tiny = tiny
  }

  /// The name of the case with its parameters; `glint parity NAME` runs it.
  package var name: String {
    ([op.label] + inputs.map { $0.type.description } + (note.isEmpty ? [] : [note]))
      .joined(separator: " ")
  }

  func tolerance(_ output: Int) -> Tolerance { tolerances[min(output, tolerances.count - 1)] }
}

/// How close a device's output must come to the reference.
///
/// Whatever the tolerance, all devices must give the same bits, except under `magnitude`, for sums
/// that devices order differently.
package struct Tolerance: Hashable, Sendable {
  enum Rule: Hashable, Sendable {
    case exact
    case roundings(Double)
    case absolute(Double)
    case relative(Double)
    case magnitude(Double)
    case pairs(Double)
    case range(ClosedRange<Double>)
  }

  let rule: Rule
  /// Share of the defined elements that must obey the rule; the others may have any finite value.
  let share: Double

  /// Equal to the reference, rounded to the element type.
  package static let exact = Tolerance(rule: .exact, share: 1)

  /// At most `count` float32 roundings of the largest magnitude in the output: the bound for a sum
  /// of about that many terms.
  package static func roundings(_ count: Double) -> Tolerance {
    Tolerance(rule: .roundings(count), share: 1)
  }

  /// At most `terms` float32 roundings of the same op on absolute values (`Op.magnitudes`), times
  /// the candidate's stated `error`: the bound for a sum of that many terms in any order. Bits may
  /// differ between devices and candidates, but not between runs.
  package static func magnitude(_ terms: Double) -> Tolerance {
    Tolerance(rule: .magnitude(terms), share: 1)
  }

  /// The last axis holds unevaluated sums of two floats, the larger part first. Each sum differs by
  /// at most `bound` of its magnitude, and the smaller part is at most half a unit in the last
  /// place of the larger. The two parts of the reference are added as well.
  package static func pairs(relative bound: Double) -> Tolerance {
    Tolerance(rule: .pairs(bound), share: 1)
  }

  /// Anywhere in `range`: for a result that the definition bounds but does not fix, such as the
  /// number of evaluations of an optimiser. All devices must still agree.
  package static func range(_ range: ClosedRange<Double>) -> Tolerance {
    Tolerance(rule: .range(range), share: 1)
  }

  /// Whether all devices and candidates must agree in bits.
  var agreesInBits: Bool { if case .magnitude = rule { false } else { true } }

  package static func absolute(_ bound: Double, share: Double = 1) -> Tolerance {
    Tolerance(rule: .absolute(bound), share: share)
  }

  /// At most `bound` of the element's own magnitude.
  package static func relative(_ bound: Double, share: Double = 1) -> Tolerance {
    Tolerance(rule: .relative(bound), share: share)
  }
}
