/// A fully connected layer with an epilogue: every output depends on every value of its row.
///
/// Inputs: x [batch, …], whose axes after the first are one row of values; weights [values,
/// outputs]; then the tensors of the epilogue. Output: [batch, outputs]. It runs as a 1×1
/// convolution over the batch.
package struct Dense: ConvolutionLike {
  package static let name = "dense"
  package let epilogue: Epilogue

  package init(bias: Bool = true) {
    self.init(epilogue: bias ? .bias : .none)
  }

  init(epilogue: Epilogue) { self.epilogue = epilogue }

  func with(_ epilogue: Epilogue) -> Dense { Dense(epilogue: epilogue) }

  private var convolution: Convolution {
    Convolution(stride: 1, dilation: 1, padding: .valid, epilogue: epilogue)
  }

  package var parameters: String { String(epilogue.label.dropFirst()) }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 + epilogue.tensors, inputs[0].shape.count >= 2,
      inputs[1].shape.count == 2, inputs.allSatisfy({ $0.element == .float32 })
    else {
      throw ShapeError(
        Self.name,
        "takes x [batch×…], weights [values×outputs] and \(epilogue.tensors) tensors of its "
          + "epilogue, not \(inputs)")
    }
    let values = inputs[0].shape[1...].reduce(1, *)
    guard values == inputs[1].shape[0] else {
      throw ShapeError(
        Self.name, "a row has \(values) values, the weights take \(inputs[1].shape[0])",
        hint: "networks with dense layers require images of one size")
    }
    let output = TensorType(.float32, inputs[0].shape[0], inputs[1].shape[1])
    try epilogue.check(inputs[2...], output: output, op: Self.name)
    return [output]
  }

  /// The same tensors in the shapes of the 1×1 convolution.
  private func types(_ inputs: [TensorType]) -> [TensorType] {
    let (batch, outputs) = (inputs[0].shape[0], inputs[1].shape[1])
    return inputs.enumerated().map { index, type in
      switch (index, type.shape.count) {
      case (0, _): TensorType(.float32, 1, 1, batch, inputs[1].shape[0])
      case (1, _): TensorType(.float32, 1, 1, inputs[1].shape[0], outputs)
      case (_, 2): TensorType(.float32, 1, 1, batch, outputs)
      default: type
      }
    }
  }

  private func seen(_ inputs: [Reference]) -> [Reference] {
    zip(inputs, types(inputs.map(\.type))).map { Reference($1, $0.values) }
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    convolution.reference(seen(inputs)).map { flat($0) }
  }

  package func magnitudes(_ inputs: [Reference]) -> [Reference] {
    convolution.magnitudes(seen(inputs)).map { flat($0) }
  }

  private func flat(_ result: Reference) -> Reference {
    Reference(TensorType(.float32, Array(result.type.shape[2...])), result.values)
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * outputs[0].count * inputs[1].shape[0], bytes: (inputs + outputs).bytes)
  }

  private func site(_ site: Site) -> Site {
    Site(
      inputs: types(site.inputs),
      outputs: site.outputs.map { TensorType(.float32, [1, 1] + $0.shape) }, device: site.device,
      forced: site.forced)
  }

  package var cpu: [Candidate<CPULaunch>] {
    convolution.cpu.map { way in
      Candidate(way.name, error: way.error) { way.lower(site($0)) }
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    convolution.openCL.map { way in
      Candidate(way.name, error: way.error) { way.lower(site($0)) }
    }
  }

  package static var samples: [Sample] {
    [
      (Dense(), [1, 1], 1), (Dense(bias: false), [3, 17], 5), (Dense(), [2, 3, 5, 7], 33),
      (Dense(epilogue: Epilogue([.bias, .each(.relu), .add])!), [13, 65], 31),
    ].map { op, x, outputs in
      let values = x[1...].reduce(1, *)
      var inputs: [Reference] = [
        .random(x, -1...1, seed: 1), .random([values, outputs], -1...1, seed: 2),
      ]
      for step in op.epilogue.steps where step.tensors > 0 {
        inputs.append(.random(step == .add ? [x[0], outputs] : [outputs], -1...1, seed: 3))
      }
      return Sample(op, inputs, .magnitude(Double(values + 5)), tiny: x[0] < 4)
    }
  }
}
