import CPUKernels
import Foundation

/// One step of a chain that works on each element separately.
package enum ElementwiseStep: Hashable, Sendable {
  /// x · scale + shift, rounded once.
  case affine(scale: Float, shift: Float)
  case atLeast(Float)
  case atMost(Float)
  /// x for x ≥ 0, slope · x below.
  case leakyReLU(slope: Float)
  /// x for x ≥ 0, α (eˣ − 1) below.
  case elu(alpha: Float)
  /// x / (1 + e⁻ˣ).
  case silu
  case sigmoid
  case tanh
  /// ln(1 + eˣ).
  case softplus
  /// eˣ, clamped to e⁻⁸⁷ … e⁸⁸.
  case exp
  /// ln x: −∞ at 0, NaN below.
  case log
  case sqrt
  case square
  case abs
  /// 1 / x.
  case reciprocal
  /// −1, 0 or 1.
  case sign
  /// NaN where |x| ≥ 2²⁰: there neighbouring single-precision numbers are 1/16 radian apart.
  case sin
  /// As `sin`.
  case cos

  package static let relu = ElementwiseStep.atLeast(0)

  func apply(_ x: Double) -> Double {
    switch self {
    case .affine(let scale, let shift): x * Double(scale) + Double(shift)
    case .atLeast(let bound): max(x, Double(bound))
    case .atMost(let bound): min(x, Double(bound))
    case .leakyReLU(let slope): x < 0 ? x * Double(slope) : x
    case .elu(let alpha): x < 0 ? Double(alpha) * expm1(x) : x
    case .silu: x / (1 + Foundation.exp(-x))
    case .sigmoid: 1 / (1 + Foundation.exp(-x))
    case .tanh: Foundation.tanh(x)
    case .softplus: max(x, 0) + log1p(Foundation.exp(-Swift.abs(x)))
    case .exp: Foundation.exp(min(max(x, -87), 88))
    case .log: Foundation.log(x)
    case .sqrt: x.squareRoot()
    case .square: x * x
    case .abs: Swift.abs(x)
    case .reciprocal: 1 / x
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .sin: Swift.abs(x) < 0x1p20 ? Foundation.sin(x) : .nan
    case .cos: Swift.abs(x) < 0x1p20 ? Foundation.cos(x) : .nan
    }
  }

  /// The derivative. At a kink it is that of the branch which includes the kink; for a ReLU, 0.
  func slope(_ x: Double) -> Double {
    switch self {
    case .affine(let scale, _): return Double(scale)
    case .atLeast(let bound): return x > Double(bound) ? 1 : 0
    case .atMost(let bound): return x < Double(bound) ? 1 : 0
    case .leakyReLU(let slope): return x < 0 ? Double(slope) : 1
    case .elu(let alpha): return x < 0 ? Double(alpha) * Foundation.exp(x) : 1
    case .silu:
      let share = 1 / (1 + Foundation.exp(-x))
      return share + x * share / (1 + Foundation.exp(x))
    case .sigmoid:
      let z = Foundation.exp(-Swift.abs(x))
      return z / ((1 + z) * (1 + z))
    case .tanh:
      let z = Foundation.exp(-2 * Swift.abs(x))
      return 4 * z / ((1 + z) * (1 + z))
    case .softplus: return 1 / (1 + Foundation.exp(-x))
    case .exp: return Foundation.exp(min(max(x, -87), 88))
    case .log: return 1 / x
    case .sqrt: return 0.5 / x.squareRoot()
    case .square: return 2 * x
    case .abs: return ElementwiseStep.sign.apply(x)
    case .reciprocal: return -1 / (x * x)
    case .sign: return 0
    case .sin: return ElementwiseStep.cos.apply(x)
    case .cos: return -ElementwiseStep.sin.apply(x)
    }
  }

  /// Whether only chains support it; the kernels of convolutions have no code for it, to stay
  /// small.
  var isFunction: Bool { code.kind >= Int32(glint_step_exp) }

  /// The largest slope of a step that an epilogue may have; bounds the growth of errors.
  var steepness: Double {
    switch self {
    case .affine(let scale, _): Swift.abs(Double(scale))
    case .leakyReLU(let factor), .elu(let factor): max(1, Swift.abs(Double(factor)))
    case .silu: 1.1
    case .atLeast, .atMost, .tanh, .softplus: 1
    case .sigmoid: 0.25
    case .exp, .log, .sqrt, .square, .abs, .reciprocal, .sign, .sin, .cos: .infinity
    }
  }

  var label: String {
    switch self {
    case .affine(let scale, let shift): "·\(scale)+\(shift)"
    case .atLeast(let bound): bound == 0 ? "ReLU" : "≥\(bound)"
    case .atMost(let bound): "≤\(bound)"
    case .leakyReLU(let slope): "leaky \(slope)"
    case .elu(let alpha): "ELU \(alpha)"
    case .silu: "SiLU"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .softplus: "softplus"
    case .exp: "exp"
    case .log: "log"
    case .sqrt: "sqrt"
    case .square: "square"
    case .abs: "abs"
    case .reciprocal: "reciprocal"
    case .sign: "sign"
    case .sin: "sin"
    case .cos: "cos"
    }
  }

  /// Kind and constants in the kernels' form.
  var code: (kind: Int32, a: Float, b: Float) {
    switch self {
    case .affine(let scale, let shift): (Int32(glint_step_affine), scale, shift)
    case .atLeast(let bound): (Int32(glint_step_at_least), bound, 0)
    case .atMost(let bound): (Int32(glint_step_at_most), bound, 0)
    case .leakyReLU(let slope): (Int32(glint_step_leaky), slope, 0)
    case .elu(let alpha): (Int32(glint_step_elu), alpha, 0)
    case .silu: (Int32(glint_step_silu), 0, 0)
    case .sigmoid: (Int32(glint_step_sigmoid), 0, 0)
    case .tanh: (Int32(glint_step_tanh), 0, 0)
    case .softplus: (Int32(glint_step_softplus), 0, 0)
    case .exp: (Int32(glint_step_exp), 0, 0)
    case .log: (Int32(glint_step_log), 0, 0)
    case .sqrt: (Int32(glint_step_sqrt), 0, 0)
    case .square: (Int32(glint_step_square), 0, 0)
    case .abs: (Int32(glint_step_abs), 0, 0)
    case .reciprocal: (Int32(glint_step_reciprocal), 0, 0)
    case .sign: (Int32(glint_step_sign), 0, 0)
    case .sin: (Int32(glint_step_sin), 0, 0)
    case .cos: (Int32(glint_step_cos), 0, 0)
    }
  }
}

extension glint_elementwise_params {
  init(_ steps: [(kind: Int32, a: Float, b: Float)]) {
    self.init()
    count = Int32(steps.count)
    withUnsafeMutableBytes(of: &self) { raw in
      let kinds = MemoryLayout<Self>.offset(of: \.kind)!
      let firsts = MemoryLayout<Self>.offset(of: \.a)!
      let seconds = MemoryLayout<Self>.offset(of: \.b)!
      for (k, step) in steps.enumerated() {
        raw.storeBytes(of: step.kind, toByteOffset: kinds + 4 * k, as: Int32.self)
        raw.storeBytes(of: step.a, toByteOffset: firsts + 4 * k, as: Float.self)
        raw.storeBytes(of: step.b, toByteOffset: seconds + 4 * k, as: Float.self)
      }
    }
  }
}
