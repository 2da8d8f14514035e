import CPUKernels

/// A step that a convolution applies to each result before storing it.
package enum EpilogueStep: Hashable, Sendable {
  /// Adds one value per channel: a tensor [channels].
  case bias
  /// Multiplies by one value per channel and adds another: two tensors [channels].
  case scaleShift
  /// Adds a tensor of the output's shape.
  case add
  case each(ElementwiseStep)

  /// How many tensors it reads.
  var tensors: Int {
    switch self {
    case .bias, .add: 1
    case .scaleShift: 2
    case .each: 0
    }
  }

  var isFunction: Bool { if case .each(let step) = self { step.isFunction } else { false } }

  var label: String {
    switch self {
    case .bias: "bias"
    case .scaleShift: "affine"
    case .add: "add"
    case .each(let step): step.label
    }
  }
}

/// What a convolution applies to its sums, in order: bias, activation, affine, add, activation.
///
/// Its tensors are the op's inputs after the weights, in the order of the steps that read them.
package struct Epilogue: Hashable, Sendable {
  package let steps: [EpilogueStep]

  /// Nil if kernels have no room (more than eight steps or four tensors) or no code for a step.
  init?(_ steps: [EpilogueStep]) {
    guard steps.count <= Int(GLINT_ELEMENTWISE_STEPS), !steps.contains(where: \.isFunction),
      steps.reduce(0, { $0 + $1.tensors }) <= Int(GLINT_EPILOGUE_TENSORS)
    else { return nil }
    self.steps = steps
  }

  static let none = Epilogue([])!
  static let bias = Epilogue([.bias])!

  var tensors: Int { steps.reduce(0) { $0 + $1.tensors } }
  var label: String { steps.map { " +\($0.label)" }.joined() }

  /// Checks the tensors that follow the weights; `output` has the channels last.
  func check(_ given: ArraySlice<TensorType>, output: TensorType, op: String) throws(ShapeError) {
    let channel = TensorType(.float32, output.shape.last!)
    let wanted = steps.flatMap { step -> [TensorType] in
      switch step {
      case .bias: [channel]
      case .scaleShift: [channel, channel]
      case .add: [output]
      case .each: []
      }
    }
    guard Array(given) == wanted else {
      throw ShapeError(op, "after the weights it takes \(wanted), not \(Array(given))")
    }
  }

  /// Checks that the inputs of `op` are an image, weights for its channels, and the right number of
  /// tensors after them.
  func checkImage(_ inputs: [TensorType], op: String) throws(ShapeError) {
    guard inputs.count == 2 + tensors, inputs[0].shape.count == 4, inputs[1].shape.count == 4,
      inputs.allSatisfy({ $0.element == .float32 })
    else {
      throw ShapeError(
        op,
        "takes x [batch×height×width×channels], weights [height×width×channels×outputs] and "
          + "\(tensors) tensors of its epilogue, not \(inputs)")
    }
    guard inputs[0].channels == inputs[1].shape[2] else {
      throw ShapeError(
        op,
        "the input has \(inputs[0].channels) channels, the weights take \(inputs[1].shape[2])")
    }
  }

  /// Applied to sums in Double.
  func apply(_ sums: [Double], _ tensors: ArraySlice<Reference>) -> [Double] {
    var tensors = tensors
    return steps.reduce(sums) { values, step in
      switch step {
      case .bias:
        let bias = tensors.removeFirst().values
        return values.indices.map { values[$0] + bias[$0 % bias.count] }
      case .scaleShift:
        let scale = tensors.removeFirst().values
        let shift = tensors.removeFirst().values
        return values.indices.map {
          values[$0] * scale[$0 % scale.count] + shift[$0 % shift.count]
        }
      case .add: return zip(values, tensors.removeFirst().values).map(+)
      case .each(let each): return values.map(each.apply)
      }
    }
  }

  /// The same on magnitudes: an activation multiplies an error by at most its steepness.
  func magnitudes(_ sums: [Double], _ tensors: ArraySlice<Reference>) -> [Double] {
    var tensors = tensors
    func next() -> [Double] { tensors.removeFirst().values.map(abs) }
    return steps.reduce(sums) { values, step in
      switch step {
      case .bias:
        let bias = next()
        return values.indices.map { values[$0] + bias[$0 % bias.count] }
      case .scaleShift:
        let (scale, shift) = (next(), next())
        return values.indices.map {
          values[$0] * scale[$0 % scale.count] + shift[$0 % shift.count]
        }
      case .add: return zip(values, next()).map(+)
      case .each(.affine(let scale, let shift)):
        return values.map { $0 * Double(abs(scale)) + Double(abs(shift)) }
      case .each(let each): return values.map { max(1, each.steepness) * $0 + 1 }
      }
    }
  }

  var kernelParameters: glint_elementwise_params {
    glint_elementwise_params(
      steps.map { step in
        switch step {
        case .bias: (Int32(glint_step_bias), 0, 0)
        case .scaleShift: (Int32(glint_step_scale_shift), 0, 0)
        case .add: (Int32(glint_step_add), 0, 0)
        case .each(let each): each.code
        }
      })
  }

  /// Where its tensors lie, in the kernels' form; `first` is the op's input that they start at.
  func ranges(at site: Site, from first: Int = 2)
    -> (glint_channel_range, glint_channel_range, glint_channel_range, glint_channel_range)
  {
    let dense = glint_channel_range(first: 0, pitch: 0)
    let given = (0..<Int(GLINT_EPILOGUE_TENSORS)).map {
      $0 < tensors ? site.inputRange(first + $0) : dense
    }
    return (given[0], given[1], given[2], given[3])
  }

  /// Whether tensor `index` has one value per output pixel rather than one per channel.
  func hasPixels(_ index: Int) -> Bool {
    steps.flatMap { Array(repeating: $0 == .add, count: $0.tensors) }[index]
  }

  /// Operands of a convolution with its epilogue's tensors; `weights` in the layout of its kernel.
  func operands(_ weights: glint_in = .input(1)) -> glint_convolution_operands {
    func tensor(_ index: Int) -> glint_maybe_in { index < tensors ? .input(2 + index) : .none }
    return glint_convolution_operands(
      x: .input(0), w: weights, out: .output(0), e0: tensor(0), e1: tensor(1), e2: tensor(2),
      e3: tensor(3))
  }
}

/// An op whose epilogue can take up later ops.
protocol ConvolutionLike: EpilogueHost {
  var epilogue: Epilogue { get }
  func with(_ epilogue: Epilogue) -> Self
  /// Adds to `graph` the sums that the epilogue is applied to; `inputs` as those of the op.
  func sums(_ inputs: [Graph.Value], in graph: inout Graph) throws -> Graph.Value
}

extension ConvolutionLike {
  package func absorbing(_ steps: [ElementwiseStep]) -> (any Op)? {
    absorbing(steps.map(EpilogueStep.each))
  }

  /// The same op followed by `steps`, whose tensors join its inputs; nil if kernels have no room.
  func absorbing(_ steps: [EpilogueStep]) -> Self? {
    Epilogue(epilogue.steps + steps).map(with)
  }
}
