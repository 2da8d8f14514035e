import Compute

extension Network {
  /// The network as a graph for frames of one size: input "frames" [batch, height, width, channels],
  /// one output per name of the network, channels last.
  ///
  /// - Parameters:
  ///   - scaling: whether frames come as the camera gave them; false where they are already scaled.
  /// - Throws: `WeightError` where the weights are not this network's, `ShapeError` where a frame of
  ///   this size cannot pass.
  public func graph(
    _ weights: Weights, batch: Int, height: Int, width: Int, scaling applied: Bool = true
  ) throws -> Graph {
    var graph = Graph()
    var x = graph.input("frames", TensorType(.float32, batch, height, width, channels))
    if applied { x = try scaled(x, &graph) }
    for (name, value) in try lowered(x, weights, rolling: false, into: &graph) {
      graph.output(name, value)
    }
    return graph
  }

  /// Adds the layers to a graph, and gives what the network's outputs are called there.
  ///
  /// - Parameters:
  ///   - x: scaled frames.
  ///   - rolling: whether a layer that looks at neighbours in time keeps what it needs of earlier
  ///     batches as state on the device; results then come `temporalReach` frames late.
  func lowered(
    _ x: Graph.Value, _ weights: Weights, rolling: Bool, into graph: inout Graph
  ) throws -> [(name: String, value: Graph.Value)] {
    let weights = try check(weights)
    precondition(!rolling || keepsTime, "a network that rolls joins only frames of one time")
    var values: [Graph.Value] = []
    for node in nodes {
      let inputs = node.inputs.map { $0.node.map { values[$0] } ?? x }
      if rolling, case .window(let frames) = node.layer, frames > 1 {
        values.append(try rollingWindow(frames / 2, inputs[0], "history \(values.count)", &graph))
      } else {
        values.append(try lower(node, inputs, weights, &graph))
      }
    }
    return outputs.map { ($0.name, $0.value.node.map { values[$0] } ?? x) }
  }

  private func rollingWindow(
    _ radius: Int, _ x: Graph.Value, _ name: String, _ graph: inout Graph
  ) throws -> Graph.Value {
    let shape = [2 * radius] + graph.type(of: x).shape.dropFirst()
    let history = graph.input(name, TensorType(.float32, shape))
    let rolled = try graph.apply(RollingWindow(radius: radius), to: [x, history])
    graph.output(name, rolled[1])
    return rolled[0]
  }

  private func scaled(_ frames: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let x =
      switch scaling.normalization {
      case .none: frames
      case .minMax: try graph.apply(Normalize(.minMax), frames)
      case .maximum: try graph.apply(Normalize(.max), frames)
      }
    guard scaling.scale != 1 || scaling.shift != 0 else { return x }
    return try graph.apply(
      Elementwise(.affine(scale: scaling.scale, shift: scaling.shift)), x)
  }

  private func lower(
    _ node: Node, _ inputs: [Graph.Value], _ weights: Weights, _ graph: inout Graph
  ) throws -> Graph.Value {
    func learned(_ part: String) -> Tensor { weights.tensors["\(node.name).\(part)"]! }
    func constants(_ parts: String...) -> [Graph.Value] {
      parts.map { graph.constant(learned($0)) }
    }
    let x = inputs[0]
    switch node.layer {
    case .convolution(let kernel, _, let bias):
      let taps = graph.constant(learned("weight").permuted([2, 3, 1, 0]))
      let op = Convolution(
        stride: kernel.stride, dilation: kernel.dilation, padding: kernel.padding.zeros, bias: bias)
      return try graph.apply(op, to: [x, taps] + (bias ? constants("bias") : []))[0]
    case .transposedConvolution(let kernel, _, let bias):
      let (taps, crop) = Self.evenCrop(
        learned("weight").permuted([2, 3, 0, 1]), kernel.padding)
      let op = TransposedConvolution(stride: kernel.stride, crop: crop, bias: bias)
      return try graph.apply(op, to: [x, graph.constant(taps)] + (bias ? constants("bias") : []))[0]
    case .batchNorm(let epsilon):
      return try graph.apply(
        BatchNorm(.running, epsilon: epsilon),
        to: [x] + constants("weight", "bias", "running_mean", "running_var"))[0]
    case .activation(let activation):
      return try activation.steps.reduce(x) { try graph.apply(Elementwise($1), $0) }
    case .maxPool(let kernel):
      return try graph.apply(
        Pool(.max, window: kernel.size, stride: kernel.stride, padding: kernel.padding.zeros), x)
    case .averagePool(let kernel):
      return try graph.apply(
        Pool(.average, window: kernel.size, stride: kernel.stride, padding: kernel.padding.zeros), x
      )
    case .upsample(let factor, let bilinear):
      return try graph.apply(Upsample(bilinear ? .bilinear : .nearest, by: factor), x)
    case .add: return try graph.apply(Add(), to: inputs)[0]
    case .concat: return try graph.apply(Concat(), to: inputs)[0]
    case .slice(let range): return try graph.apply(SelectChannels(range), x)
    case .window(let frames): return try graph.apply(TemporalWindow(radius: frames / 2), x)
    case .dense(let outputs, let height, let width):
      // Values lie as row, column, channel here, as channel, row, column in files.
      let given = channels(of: node.inputs[0])
      let taps = learned("weight").reshaped([outputs, given, height, width])
        .permuted([2, 3, 1, 0]).reshaped([height * width * given, outputs])
      return try graph.apply(Dense(bias: true), to: [x, graph.constant(taps)] + constants("bias"))[
        0]
    case .softmax: return try graph.apply(Softmax(), x)
    }
  }

  /// Taps [h, w, in, out] of a transposed convolution that cuts equally from every side, for one that
  /// cuts unequally: rows of zeros before the taps shift the image.
  static func evenCrop(_ taps: Tensor, _ cut: Edges) -> (taps: Tensor, crop: Int) {
    let rows = max(cut.bottom - cut.top, 0)
    let columns = max(cut.right - cut.left, 0)
    let crop = max(cut.bottom, cut.right)
    guard rows > 0 || columns > 0 else { return (taps, crop) }
    let (height, width) = (taps.type.shape[0], taps.type.shape[1])
    let row = taps.type.shape[2] * taps.type.shape[3]
    var values: [Float] = []
    let floats = taps.floats
    for y in 0..<height + rows {
      for x in 0..<width + columns {
        if y < rows || x < columns {
          values += [Float](repeating: 0, count: row)
        } else {
          let start = ((y - rows) * width + x - columns) * row
          values += floats[start..<start + row]
        }
      }
    }
    let shape = [height + rows, width + columns] + taps.type.shape[2...]
    return (Tensor(values, shape: shape), crop)
  }
}

extension Edges {
  var zeros: Convolution.Padding { .zeros(top: top, left: left, bottom: bottom, right: right) }
}

extension Activation {
  var steps: [ElementwiseStep] {
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
