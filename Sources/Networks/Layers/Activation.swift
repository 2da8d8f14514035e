import Compute

/// A function of each value separately: a layer without learned numbers.
package enum Activation: Hashable, Sendable {
  case relu
  case leakyReLU(Float)
  case elu(Float)
  case silu
  case sigmoid
  case tanh
  case softplus
  case clamp(Float, Float)
  /// x · scale + shift.
  case affine(scale: Float, shift: Float)

  private var steps: [ElementwiseStep] {
    switch self {
    case .relu: [.relu]
    case .leakyReLU(let slope): [.leakyReLU(slope: slope)]
    case .elu(let alpha): [.elu(alpha: alpha)]
    case .silu: [.silu]
    case .sigmoid: [.sigmoid]
    case .tanh: [.tanh]
    case .softplus: [.softplus]
    case .clamp(let low, let high): [.atLeast(low), .atMost(high)]
    case .affine(let scale, let shift): [.affine(scale: scale, shift: shift)]
    }
  }
}

extension Activation: PixelwiseLayer, UnlearnedLayer {
  func channels(_ given: [Int]) -> Int { given[0] }

  func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
    try steps.reduce(site.input) { try graph.apply(Elementwise($1), $0) }
  }

  func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
    let x = site.input
    switch self {
    case .relu: return writer.node("Relu", [x])
    case .leakyReLU(let slope): return writer.node("LeakyRelu", [x], [("alpha", .float(slope))])
    case .elu(let alpha): return writer.node("Elu", [x], [("alpha", .float(alpha))])
    case .silu: return writer.node("Mul", [x, writer.node("Sigmoid", [x])])
    case .sigmoid: return writer.node("Sigmoid", [x])
    case .tanh: return writer.node("Tanh", [x])
    case .softplus: return writer.node("Softplus", [x])
    case .clamp(let low, let high):
      let bounds = [("low", low), ("high", high)].map {
        writer.initializer("\(x).\($0.0)", [], floats: [$0.1])
      }
      return writer.node("Clip", [x] + bounds)
    case .affine(let scale, let shift): return writer.affine(x, x, scale, shift)
    }
  }
}
