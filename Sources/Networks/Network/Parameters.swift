import Compute

/// A tensor that a network learns, or keeps as a running statistic.
package struct Parameter: Hashable, Sendable {
  /// For a layer "weight", for a network "layer1.conv.weight".
  package internal(set) var name: String
  /// The shape in files.
  package let shape: [Int]
  /// False for running statistics.
  package let trained: Bool
  /// What of a movie's noise it is; nil for one that belongs to the network.
  let measured: FrameNoise.Value?
  let arrangement: Arrangement

  init(
    _ name: String, _ shape: [Int], _ arrangement: Arrangement = Arrangement(),
    trained: Bool = true, measured: FrameNoise.Value? = nil
  ) {
    self.name = name
    self.shape = shape
    self.arrangement = arrangement
    self.trained = trained
    self.measured = measured
  }

  package var count: Int { shape.reduce(1, *) }

  /// 1 where the graph's tensor has a value of the file's, 0 where it has zeros that are only its
  /// layout; nil if there are none.
  var graphMask: Tensor? {
    guard arrangement.spread != nil else { return nil }
    return arrangement.forGraph(Tensor([Float](repeating: 1, count: count), shape: shape))
  }

  /// The type in the network's graph.
  var graphType: TensorType { TensorType(.float32, arrangement.graphShape(shape)) }
}

extension Network {
  /// Every tensor that a weight file must hold, in the order of the layers.
  package var parameters: [Parameter] { nodes.flatMap { parameters(of: $0) } }

  /// Number of trained values.
  package var parameterCount: Int {
    parameters.reduce(0) { $0 + ($1.trained ? $1.count : 0) }
  }

  func parameters(of node: Node) -> [Parameter] {
    node.layer.parameters(channels(of: node.inputs[0])).map {
      var parameter = $0
      parameter.name = "\(node.name).\(parameter.name)"
      return parameter
    }
  }

  /// A file's weights in the layout of the network's graph. Throws `WeightError` as `check` does.
  func learned(_ weights: Weights) throws(WeightError) -> ParameterValues {
    let found = try check(weights).tensors
    var values = ParameterValues()
    for parameter in parameters {
      values[parameter.name] = found[parameter.name].map(parameter.arrangement.forGraph)
    }
    return values
  }

  /// Learned numbers in the layout of files.
  func weights(_ learned: ParameterValues) -> Weights {
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      tensors[parameter.name] = learned[parameter.name].map {
        parameter.arrangement.forFile($0, parameter.shape)
      }
    }
    return Weights(tensors)
  }

  /// The weights under this network's names, checked to have the right shapes and finite values.
  ///
  /// Throws `WeightError` for the first tensor that is missing, has another shape, is not finite,
  /// or belongs to a layer that the network does not have.
  package func check(_ weights: Weights) throws(WeightError) -> Weights {
    let parameters = parameters
    var found = try weights.strippingPrefix(toFind: parameters.map(\.name))
    if parameters.contains(where: { found.tensors[$0.name] == nil }),
      let named = weights.inOrder.flatMap(named)
    {
      found.tensors = named
    }
    var result = weights
    result.tensors = [:]
    for parameter in parameters {
      let tensor = try found.tensor(parameter.name, parameter.shape)
      guard tensor.floats.allSatisfy(\.isFinite) else { throw .notFinite(tensor: parameter.name) }
      result.tensors[parameter.name] = tensor
    }
    if weights.graph == nil { try checkNothingIsLeft(of: found) }
    return result
  }

  /// An additional tensor in a part of the network means that the file is for a network with more
  /// layers. Tensors of other parts (an optimizer, a loss) are ignored.
  private func checkNothingIsLeft(of weights: Weights) throws(WeightError) {
    func part(_ name: String) -> String { name.prefix { $0 != "." }.filter { !$0.isNumber } }
    let own = Set(parameters.map(\.name))
    let parts = Set(own.map(part))
    for name in weights.tensors.keys.sorted() where !own.contains(name) {
      guard parts.contains(part(name)), !name.hasSuffix(".num_batches_tracked") else { continue }
      throw .unexpected(tensor: name, shape: weights.shape(name))
    }
  }
}
