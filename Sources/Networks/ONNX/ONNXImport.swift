import Compute

extension ONNXGraph {
  /// The graph as a network of this package, with its weights under the network's names.
  ///
  /// - Throws: `NetworkError.unsupported` for a node that has no counterpart.
  public func network(_ weights: Weights) throws -> (network: Network, weights: Weights) {
    var builder = ONNXImport(weights)
    guard let input = inputs.first, inputs.count == 1 else {
      throw NetworkError.unsupported(
        op: "graph", node: "", reason: "it has \(inputs.count) inputs, not one")
    }
    let channels = input.shape.count == 4 && input.shape[1] > 0 ? input.shape[1] : 1
    guard channels <= 4096 else {
      throw NetworkError.unsupported(
        op: "graph", node: "", reason: "its input has \(channels) channels")
    }
    builder.network = Network(channels: channels)
    if input.shape.count == 4, (1...1 << 16).contains(input.shape[2]),
      (1...1 << 16).contains(input.shape[3])
    {
      builder.inputSize = (input.shape[2], input.shape[3])
    }
    builder.values[input.name] = builder.network.input
    for node in nodes { try builder.add(node) }
    for output in outputs {
      guard let value = builder.values[output] else {
        throw NetworkError.unsupported(
          op: "graph", node: output, reason: "nothing makes this output")
      }
      builder.network.output(output, value)
    }
    guard !outputs.isEmpty else {
      throw NetworkError.unsupported(op: "graph", node: "", reason: "it has no output")
    }
    return (builder.network, Weights(builder.tensors))
  }
}

/// A graph under translation.
private struct ONNXImport {
  var network = Network(channels: 1)
  var values: [String: Network.Value] = [:]
  var tensors: [String: Tensor] = [:]
  /// Rows and columns of the input, where the graph states them.
  var inputSize: (height: Int, width: Int)?
  /// Values that are parts of a batch, not results of a layer.
  private var times: [String: ONNXTimePart] = [:]
  /// Initializers and constants of the file.
  private var constants: [String: Tensor]
  private var layers = 0

  init(_ weights: Weights) { constants = weights.tensors }

  mutating func add(_ node: ONNXGraph.Node) throws {
    guard let output = node.outputs.first else { throw fault(node, "it has no output") }
    if node.op == "Constant" {
      if case .tensor(let shape, let values)? = node.attributes["value"] {
        constants[output] = Tensor(values, shape: shape)
      }
      return
    }
    guard let first = node.inputs.first else { throw fault(node, "it has no input") }
    if node.op == "Identity" || node.op == "Dropout" || node.op == "Cast" {
      values[output] = values[first]
      constants[output] = constants[first]
      return
    }
    if try addTime(node, output) { return }
    let known = node.inputs.compactMap { values[$0] }
    guard let x = known.first else { throw fault(node, "its input is not made by an earlier node") }
    values[output] = try value(node, x, known)
  }

  /// Slices and joins along the batch; true where the node was one.
  private mutating func addTime(_ node: ONNXGraph.Node, _ output: String) throws -> Bool {
    func part(_ name: String) -> ONNXTimePart? {
      times[name] ?? values[name].map { ONNXTimePart.shifted($0, by: 0) }
    }
    switch node.op {
    case "Slice" where integer(node, 3) == 0:
      guard let batch = part(node.inputs[0]), let from = integer(node, 1),
        let to = integer(node, 2), integer(node, 4) ?? 1 == 1,
        let piece = ONNXTimePart(of: batch, from: from, to: to)
      else { throw fault(node, "this part of a batch has no counterpart") }
      times[output] = piece
      return true
    case "Concat" where node.int("axis") == 0:
      let parts = node.inputs.compactMap(part)
      guard parts.count == 2, node.inputs.count == 2,
        let shifted = ONNXTimePart(joining: parts[0], parts[1])
      else { throw fault(node, "it joins batches in a way that has no counterpart") }
      times[output] = shifted
      return true
    case "Concat" where node.int("axis") == 1 && node.inputs.contains { times[$0] != nil }:
      let parts = node.inputs.compactMap(part)
      guard parts.count == node.inputs.count, let (x, frames) = ONNXTimePart.window(parts) else {
        throw fault(node, "it joins frames in a way that has no counterpart")
      }
      values[output] = network.apply(.window(frames: frames), [x])
      return true
    default: return false
    }
  }

  /// An input that is a single whole number.
  private func integer(_ node: ONNXGraph.Node, _ index: Int) -> Int? {
    number(node, index).flatMap { $0 >= 0x1p31 ? Int(Int32.max) : Int(exactly: $0) }
  }

  private mutating func value(
    _ node: ONNXGraph.Node, _ x: Network.Value, _ known: [Network.Value]
  ) throws -> Network.Value {
    switch node.op {
    case "Conv", "ConvTranspose": return try convolution(node, x)
    case "BatchNormalization":
      let name = try learn(
        node,
        ["weight", "bias", "running_mean", "running_var"].map { ($0, [network.channels(of: x)]) })
      return network.batchNorm(x, name, epsilon: node.float("epsilon") ?? 1e-5)
    case "Gemm": return try dense(node, x)
    case "Flatten":
      guard node.int("axis") ?? 1 == 1 else { throw fault(node, "its axis is not 1") }
      return x
    case "MaxPool": return network.apply(.maxPool(try kernel(node)), [x])
    case "AveragePool":
      let kernel = try kernel(node)
      guard kernel.padding == Edges(0) else { throw fault(node, "it pads an average") }
      return network.apply(.averagePool(kernel), [x])
    case "Resize", "Upsample": return try resize(node, x)
    case "Concat":
      guard node.int("axis") == 1, known.count == node.inputs.count else {
        throw fault(node, "it does not join channels")
      }
      return network.apply(.concat, known)
    case "Softmax": return network.apply(.softmax, [x])
    case "Slice":
      guard integer(node, 3) == 1, let from = integer(node, 1), let to = integer(node, 2),
        integer(node, 4) ?? 1 == 1, from >= 0, from < to, to <= network.channels(of: x)
      else { throw fault(node, "it takes no range of channels") }
      return network.slice(x, from..<to)
    case "Add" where known.count == 2:
      guard network.channels(of: known[0]) == network.channels(of: known[1]) else {
        throw fault(node, "it adds images of different channels")
      }
      return network.add(known[0], known[1])
    default: return network.activate(x, try activation(node))
    }
  }

  private func activation(_ node: ONNXGraph.Node) throws -> Activation {
    switch node.op {
    case "Relu": return .relu
    case "LeakyRelu": return .leakyReLU(node.float("alpha") ?? 0.01)
    case "Elu": return .elu(node.float("alpha") ?? 1)
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Softplus": return .softplus
    case "Clip":
      let low = number(node, 1) ?? node.float("min") ?? -.greatestFiniteMagnitude
      return .clamp(low, number(node, 2) ?? node.float("max") ?? .greatestFiniteMagnitude)
    case "Add":
      if let shift = number(node, 1) ?? number(node, 0) { return .affine(scale: 1, shift: shift) }
    case "Sub": if let shift = number(node, 1) { return .affine(scale: 1, shift: -shift) }
    case "Mul":
      if let scale = number(node, 1) ?? number(node, 0) { return .affine(scale: scale, shift: 0) }
    case "Div":
      if let scale = number(node, 1), scale != 0 { return .affine(scale: 1 / scale, shift: 0) }
    default: break
    }
    throw fault(node, "this kind of node, or this use of it, has no counterpart")
  }

  /// The value of an input that is a single constant.
  private func number(_ node: ONNXGraph.Node, _ index: Int) -> Float? {
    guard node.inputs.count > index, let tensor = constants[node.inputs[index]],
      tensor.type.count == 1
    else { return nil }
    return tensor.floats[0]
  }

  private func kernel(_ node: ONNXGraph.Node, size: Int? = nil) throws -> Kernel {
    func square(_ name: String, _ other: Int) throws -> Int {
      let values = node.ints(name) ?? [other, other]
      guard values.count == 2, values[0] == values[1], (1...4096).contains(values[0]) else {
        throw fault(node, "its \(name) are \(values)")
      }
      return values[0]
    }
    let size = try square("kernel_shape", size ?? 0)
    let pads = node.ints("pads") ?? [0, 0, 0, 0]
    guard pads.count == 4, pads.allSatisfy({ (0...4096).contains($0) }),
      node.text("auto_pad") ?? "NOTSET" == "NOTSET", node.int("ceil_mode") ?? 0 == 0
    else { throw fault(node, "its padding is not given by numbers") }
    return Kernel(
      size, stride: try square("strides", 1), dilation: try square("dilations", 1),
      padding: Edges(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]))
  }

  private mutating func convolution(
    _ node: ONNXGraph.Node, _ x: Network.Value
  ) throws -> Network.Value {
    guard node.inputs.count > 1, let weight = constants[node.inputs[1]],
      weight.type.shape.count == 4, node.int("group") ?? 1 == 1,
      weight.type.shape[2] == weight.type.shape[3]
    else { throw fault(node, "its kernel is not a constant square one of a single group") }
    let given = network.channels(of: x)
    let size = weight.type.shape[2]
    let transposed = node.op == "ConvTranspose"
    let outputs = weight.type.shape[transposed ? 1 : 0]
    let kernel = try kernel(node, size: size)
    guard kernel.size == size, outputs > 0, node.ints("output_padding") == nil || !transposed else {
      throw fault(node, "its kernel is of another size than it says")
    }
    let bias = node.inputs.count > 2
    let name = try learn(
      node,
      [("weight", transposed ? [given, outputs, size, size] : [outputs, given, size, size])]
        + (bias ? [("bias", [outputs])] : []))
    let layer: Layer =
      transposed
      ? .transposedConvolution(kernel, outputs: outputs, bias: bias)
      : .convolution(kernel, outputs: outputs, bias: bias)
    return network.apply(layer, [x], name: name)
  }

  private mutating func dense(_ node: ONNXGraph.Node, _ x: Network.Value) throws -> Network.Value {
    guard node.inputs.count == 3, node.int("transB") == 1, node.float("alpha") ?? 1 == 1,
      node.float("beta") ?? 1 == 1, let shape = constants[node.inputs[1]]?.type.shape,
      shape.count == 2, shape[0] > 0
    else { throw fault(node, "it is no plain dense layer") }
    let (height, width) = try shape[1] == network.channels(of: x) ? (1, 1) : size(of: x, node)
    guard shape[1] == network.channels(of: x) * height * width else {
      throw fault(
        node, "it takes \(shape[1]) values of \(network.channels(of: x))×\(height)×\(width)")
    }
    let name = try learn(node, [("weight", shape), ("bias", [shape[0]])])
    return network.apply(
      .dense(outputs: shape[0], height: height, width: width), [x], name: name)
  }

  /// Rows and columns of a value.
  private func size(
    of x: Network.Value, _ node: ONNXGraph.Node
  ) throws -> (height: Int, width: Int) {
    guard let inputSize else {
      throw fault(node, "the graph does not state the rows and columns that it takes")
    }
    guard let index = x.node else { return inputSize }
    let size = network.sizes(height: inputSize.height, width: inputSize.width)[index]
    return (size.height, size.width)
  }

  private mutating func resize(_ node: ONNXGraph.Node, _ x: Network.Value) throws -> Network.Value {
    let index = node.op == "Upsample" ? 1 : 2
    guard node.inputs.count > index, let scales = constants[node.inputs[index]]?.floats,
      scales.count == 4, scales[0] == 1, scales[1] == 1, scales[2] == scales[3],
      let factor = Int(exactly: scales[2]), (1...64).contains(factor)
    else { throw fault(node, "its scales are not one whole number for rows and columns") }
    let place = node.text("coordinate_transformation_mode") ?? "half_pixel"
    switch node.text("mode") ?? "nearest" {
    case "nearest":
      guard node.op == "Upsample" || place == "asymmetric" && node.text("nearest_mode") == "floor"
      else { throw fault(node, "it does not repeat pixels") }
      return network.upsample(x, factor)
    case "linear" where place == "half_pixel" || place == "pytorch_half_pixel":
      return network.upsample(x, factor, bilinear: true)
    default: throw fault(node, "its way of interpolating has no counterpart")
    }
  }

  /// Takes the constants after the first input as a layer's tensors, under a name of its own.
  private mutating func learn(
    _ node: ONNXGraph.Node, _ parts: [(name: String, shape: [Int])]
  ) throws -> String {
    let name = "layer\(layers)"
    layers += 1
    guard node.inputs.count > parts.count else { throw fault(node, "it lacks tensors") }
    for (index, part) in parts.enumerated() {
      guard let tensor = constants[node.inputs[index + 1]] else {
        throw fault(node, "its \(part.name) is no constant")
      }
      guard tensor.type.shape == part.shape else {
        throw WeightError.shape(
          tensor: node.inputs[index + 1], expected: part.shape, found: tensor.type.shape)
      }
      tensors["\(name).\(part.name)"] = tensor
    }
    return name
  }

  private func fault(_ node: ONNXGraph.Node, _ reason: String) -> NetworkError {
    .unsupported(op: node.op, node: node.name, reason: reason)
  }
}
