import Compute
import Optics

extension Network {
  /// Random weights: normal with variance 2 / fan-in (He et al. 2015); biases 0, but for those
  /// given.
  func initialWeights(_ biases: [String: Float], seed: UInt64) -> Weights {
    var tensors: [String: Tensor] = [:]
    for (index, parameter) in parameters.enumerated() {
      let part = parameter.name.split(separator: ".").last.map(String.init) ?? ""
      var values = [Float](repeating: biases[parameter.name] ?? 0, count: parameter.count)
      if part == "running_var" || (part == "weight" && parameter.shape.count == 1) {
        values = values.map { _ in 1 }
      } else if parameter.shape.count > 1 {
        var random = RandomStream(seed: seed, purpose: 0x77_6569_6768_7473, index: index)
        let fanIn = parameter.shape.dropFirst().reduce(1, *)
        let deviation = (2 / Double(fanIn)).squareRoot()
        values = values.map { _ in Float(deviation * random.normal()) }
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
