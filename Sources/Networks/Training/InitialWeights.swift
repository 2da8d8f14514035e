import Compute
import Optics

/// How the weights of a network begin; biases begin at 0, but for those that a system states.
package enum InitialWeights: Hashable, Sendable {
  /// Normal with variance 2 / fan-in (He et al. 2015).
  case he
  /// Rows, or columns if these are fewer, are orthonormal (Saxe et al. 2014).
  case orthogonal
  /// Evenly within ±1/√fan-in, as PyTorch does unless told otherwise.
  case uniform
  /// Evenly within ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010).
  case glorot

  /// - Parameter shape: [outputs, …] as in files.
  func values(_ shape: [Int], _ random: inout RandomStream) -> [Float] {
    let (rows, columns) = (shape[0], shape.dropFirst().reduce(1, *))
    switch self {
    case .he:
      let deviation = (2 / Double(columns)).squareRoot()
      return (0..<rows * columns).map { _ in Float(deviation * random.normal()) }
    case .uniform:
      let bound = 1 / Double(columns).squareRoot()
      return (0..<rows * columns).map { _ in Float(bound * (2 * random.uniform() - 1)) }
    case .glorot:
      let window = shape.dropFirst(2).reduce(1, *)
      let bound = (6 / Double(columns + rows * window)).squareRoot()
      return (0..<rows * columns).map { _ in Float(bound * (2 * random.uniform() - 1)) }
    case .orthogonal:
      let (few, many) = (min(rows, columns), max(rows, columns))
      var basis: [[Double]] = []
      while basis.count < few {
        var vector = (0..<many).map { _ in random.normal() }
        // Twice is enough for orthogonality to rounding (Gram and Schmidt, after Kahan).
        for _ in 0..<2 {
          for other in basis {
            let part = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
            for index in vector.indices { vector[index] -= part * other[index] }
          }
        }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 1e-6 { basis.append(vector.map { $0 / length }) }
      }
      return (0..<rows * columns).map {
        let (row, column) = ($0 / columns, $0 % columns)
        return Float(rows <= columns ? basis[row][column] : basis[column][row])
      }
    }
  }
}

extension Network {
  /// The weights before the first step.
  func initialWeights(
    _ rule: InitialWeights, _ biases: [String: Float], seed: UInt64
  ) -> Weights {
    var tensors: [String: Tensor] = [:]
    for (index, parameter) in parameters.enumerated() {
      let part = parameter.name.split(separator: ".").last.map(String.init) ?? ""
      var values = [Float](repeating: biases[parameter.name] ?? 0, count: parameter.count)
      if part == "running_var" || (part == "weight" && parameter.shape.count == 1) {
        values = values.map { _ in 1 }
      } else if parameter.shape.count > 1 {
        var random = RandomStream(seed: seed, purpose: 0x77_6569_6768_7473, index: index)
        values = rule.values(parameter.shape, &random)
      }
      tensors[parameter.name] = Tensor(values, shape: parameter.shape)
    }
    return Weights(tensors)
  }

  /// Weights in the layout of the graph, without a check.
  func learnedNumbers(_ weights: Weights) -> ParameterValues {
    var values = ParameterValues()
    for parameter in parameters {
      values[parameter.name] = weights.tensors[parameter.name].map(parameter.arrangement.forGraph)
    }
    return values
  }
}
