import Compute

extension Network {
  /// The network with its weights as an ONNX model, including the scaling of frames: the input is
  /// raw frames [batch, channels, height, width], outputs have the same order of axes.
  ///
  /// Batch, height and width are free. A network that uses neighbouring frames treats the batch as
  /// consecutive frames.
  ///
  /// - Parameters:
  ///   - weights: trained values of all parameters.
  ///   - name: name of the model.
  ///   - size: the only rows and columns that it takes; nil if they are free.
  ///   - metadata: keys and values that are stored in the file.
  /// - Throws: `WeightError` if the weights do not belong to this network.
  package func onnx(
    _ weights: Weights, name: String = "glint", size: (height: Int, width: Int)? = nil,
    metadata: [String: String] = [:]
  ) throws(WeightError) -> [UInt8] {
    let weights = try check(weights)
    var writer = ONNXWriter()
    for parameter in parameters {
      _ = writer.initializer(
        parameter.name, parameter.shape, floats: weights.tensors[parameter.name]!.floats)
    }
    let start = scaled("frames", &writer)
    let sizes = sizes(height: size?.height ?? aligned(256), width: size?.width ?? aligned(256))
    func isVector(_ value: Value) -> Bool { value.node.map { sizes[$0] == nil } ?? false }
    let names = walk(start) { node, inputs in
      let site = ONNXSite(
        inputs: inputs, learned: parameters(of: node).map(\.name),
        name: "\(node.name).\(inputs[0])", isVector: isVector(node.inputs[0]))
      return node.layer.onnx(site, in: &writer)
    }
    let free: [(Int?, String)] = [(size?.height, "height"), (size?.width, "width")]
    writer.port("frames", [(nil, "batch"), (channels, "")] + free, output: false)
    for (output, value) in outputs {
      _ = writer.node("Identity", [value.node.map { names[$0] } ?? start], output: output)
      writer.port(
        output,
        [(nil, "batch"), (channels(of: value), "")]
          + (isVector(value) ? [] : [(nil, "\(output)_height"), (nil, "\(output)_width")]),
        output: true)
    }
    return writer.model(name: name, metadata: metadata)
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
      // Avoids 0 / 0 for a constant frame: divides by at least the smallest positive number.
      let tiny = writer.initializer("scaling.tiny", [], floats: [.leastNormalMagnitude])
      x = writer.node("Div", [writer.node("Sub", [x, low]), writer.node("Max", [range, tiny])])
    case .maximum:
      let zero = writer.initializer("scaling.zero", [], floats: [0])
      let one = writer.initializer("scaling.one", [], floats: [1])
      let high = writer.node("ReduceMax", [x], whole)
      let positive = writer.node("Greater", [high, zero])
      x = writer.node("Div", [x, writer.node("Where", [positive, high, one])])
    }
    return writer.affine(x, "scaling", scaling.scale, scaling.shift)
  }
}
