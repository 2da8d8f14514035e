import Compute

extension Network {
  /// The network with its weights as an ONNX model, the scaling of frames included: raw frames
  /// [batch, channels, height, width] in, the network's outputs out in the same order of axes.
  ///
  /// Batch, height and width are free. A network that looks at neighbouring frames takes the batch as
  /// consecutive frames.
  ///
  /// - Parameter size: the only rows and columns that it takes; nil where they are free.
  /// - Throws: `WeightError` where the weights are not this network's.
  public func onnx(
    _ weights: Weights, name: String = "glint", size: (height: Int, width: Int)? = nil,
    metadata: [String: String] = [:]
  ) throws(WeightError) -> [UInt8] {
    let weights = try check(weights)
    var writer = ONNXWriter()
    for parameter in parameters {
      _ = writer.initializer(
        parameter.name, parameter.shape, floats: weights.tensors[parameter.name]!.floats)
    }
    var names: [String] = []
    let start = scaled("frames", &writer)
    for node in nodes {
      let inputs = node.inputs.map { $0.node.map { names[$0] } ?? start }
      names.append(Self.export(node, inputs, &writer))
    }
    let free: [(Int?, String)] = [(size?.height, "height"), (size?.width, "width")]
    writer.port("frames", [(nil, "batch"), (channels, "")] + free, output: false)
    for (output, value) in outputs {
      _ = writer.node("Identity", [value.node.map { names[$0] } ?? start], output: output)
      let flat = value.node.map { isFlat($0) } ?? false
      writer.port(
        output,
        [(nil, "batch"), (channels(of: value), "")]
          + (flat ? [] : [(nil, "\(output)_height"), (nil, "\(output)_width")]), output: true)
    }
    return writer.model(name: name, metadata: metadata)
  }

  /// Whether a value has no rows and columns any more.
  func isFlat(_ node: Int) -> Bool {
    switch nodes[node].layer {
    case .dense: true
    case .softmax, .activation, .slice, .add, .concat:
      nodes[node].inputs[0].node.map { isFlat($0) } ?? false
    default: false
    }
  }

  private func scaled(_ frames: String, _ writer: inout ONNXWriter) -> String {
    var x = frames
    let whole: [(String, ONNXWriter.Attribute)] = [
      ("axes", .ints([1, 2, 3])), ("keepdims", .int(1)),
    ]
    switch scaling.normalization {
    case .none: break
    case .minMax:
      let low = writer.node("ReduceMin", [x], whole)
      let range = writer.node("Sub", [writer.node("ReduceMax", [x], whole), low])
      // A constant frame: 0 / smallest number, not 0 / 0.
      let tiny = writer.initializer("scaling.tiny", [], floats: [.leastNormalMagnitude])
      x = writer.node("Div", [writer.node("Sub", [x, low]), writer.node("Max", [range, tiny])])
    case .maximum:
      let zero = writer.initializer("scaling.zero", [], floats: [0])
      let one = writer.initializer("scaling.one", [], floats: [1])
      let high = writer.node("ReduceMax", [x], whole)
      let positive = writer.node("Greater", [high, zero])
      x = writer.node("Div", [x, writer.node("Where", [positive, high, one])])
    }
    return Self.affine(x, "scaling", scaling.scale, scaling.shift, &writer)
  }

  private static func affine(
    _ x: String, _ name: String, _ scale: Float, _ shift: Float, _ writer: inout ONNXWriter
  ) -> String {
    var x = x
    if scale != 1 {
      x = writer.node("Mul", [x, writer.initializer("\(name).scale", [], floats: [scale])])
    }
    if shift != 0 {
      x = writer.node("Add", [x, writer.initializer("\(name).shift", [], floats: [shift])])
    }
    return x
  }

  private static func export(
    _ node: Node, _ inputs: [String], _ writer: inout ONNXWriter
  ) -> String {
    func window(_ kernel: Kernel) -> [(String, ONNXWriter.Attribute)] {
      let around = kernel.padding
      return [
        ("kernel_shape", .ints([kernel.size, kernel.size])),
        ("strides", .ints([kernel.stride, kernel.stride])),
        ("pads", .ints([around.top, around.left, around.bottom, around.right])),
      ]
    }
    func learned(_ parts: String...) -> [String] { inputs + parts.map { "\(node.name).\($0)" } }
    let x = inputs[0]
    let unique = "\(node.name).\(x)"
    switch node.layer {
    case .convolution(let kernel, _, let bias):
      let dilations = ("dilations", ONNXWriter.Attribute.ints([kernel.dilation, kernel.dilation]))
      return writer.node(
        "Conv", bias ? learned("weight", "bias") : learned("weight"), window(kernel) + [dilations])
    case .transposedConvolution(let kernel, _, let bias):
      return writer.node(
        "ConvTranspose", bias ? learned("weight", "bias") : learned("weight"), window(kernel))
    case .batchNorm(let epsilon):
      return writer.node(
        "BatchNormalization", learned("weight", "bias", "running_mean", "running_var"),
        [("epsilon", .float(epsilon))])
    case .activation(let activation): return export(activation, x, &writer)
    case .maxPool(let kernel): return writer.node("MaxPool", inputs, window(kernel))
    case .averagePool(let kernel): return writer.node("AveragePool", inputs, window(kernel))
    case .upsample(let factor, let bilinear):
      let scales = writer.initializer(
        "\(unique).scales", [4], floats: [1, 1, Float(factor), Float(factor)])
      return writer.node(
        "Resize", [x, "", scales],
        bilinear
          ? [
            ("mode", .text("linear")), ("coordinate_transformation_mode", .text("half_pixel")),
          ]
          : [
            ("mode", .text("nearest")), ("nearest_mode", .text("floor")),
            ("coordinate_transformation_mode", .text("asymmetric")),
          ])
    case .add: return writer.node("Add", inputs)
    case .concat: return writer.node("Concat", inputs, [("axis", .int(1))])
    case .slice(let range):
      return slice(
        x, "\(unique).\(range.lowerBound)", axis: 1, range.lowerBound, range.upperBound, &writer)
    case .window(let frames): return export(window: frames, x, unique, &writer)
    case .dense:
      let flat = writer.node("Flatten", [x], [("axis", .int(1))])
      return writer.node(
        "Gemm", [flat, "\(node.name).weight", "\(node.name).bias"], [("transB", .int(1))])
    case .softmax: return writer.node("Softmax", inputs, [("axis", .int(1))])
    }
  }

  private static func export(
    _ activation: Activation, _ x: String, _ writer: inout ONNXWriter
  ) -> String {
    switch activation {
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
    case .affine(let scale, let shift): return affine(x, x, scale, shift, &writer)
    }
  }

  private static func slice(
    _ x: String, _ name: String, axis: Int, _ from: Int, _ to: Int, _ writer: inout ONNXWriter
  ) -> String {
    let bounds = [("from", from), ("to", to), ("axis", axis)].map {
      writer.initializer("\(name).\($0.0)", integers: [$0.1])
    }
    return writer.node("Slice", [x] + bounds)
  }

  /// Shifts along the batch, the frames at its ends repeated.
  private static func export(
    window frames: Int, _ x: String, _ name: String, _ writer: inout ONNXWriter
  ) -> String {
    let first = slice(x, "\(name).first", axis: 0, 0, 1, &writer)
    let last = slice(x, "\(name).last", axis: 0, -1, Int(Int32.max), &writer)
    let middle = frames / 2
    var earlier: [String] = []
    var later: [String] = []
    var back = x
    var ahead = x
    for step in 0..<middle {
      let head = slice(back, "\(name).head\(step)", axis: 0, 0, -1, &writer)
      back = writer.node("Concat", [first, head], [("axis", .int(0))])
      earlier.insert(back, at: 0)
      let tail = slice(ahead, "\(name).tail\(step)", axis: 0, 1, Int(Int32.max), &writer)
      ahead = writer.node("Concat", [tail, last], [("axis", .int(0))])
      later.append(ahead)
    }
    return writer.node("Concat", earlier + [x] + later, [("axis", .int(1))])
  }
}
