import CPUKernels

/// The sum, mean or maximum over stated axes, in an order that depends only on the shape.
///
/// Inputs: float32 x; for sums, optionally a second tensor of the same shape, in which case
/// products are summed. Output: the shape of x with the stated axes of length 1, or without them.
/// For many values, partial results come first, about √values of them, which keeps errors small and
/// gives threads separate work. Over the pixel axes it is global pooling.
package struct Reduce: Op {
  package static let name = "reduce"

  package enum Kind: String, Hashable, Sendable {
    case sum
    case mean
    case maximum
  }

  package let kind: Kind
  package let axes: [Int]
  package let keepsAxes: Bool

  /// - Parameters:
  ///   - kind: what is computed over the axes.
  ///   - axes: counted from the first, which is 0.
  ///   - keepsAxes: keeps them in the result, with length 1.
  package init(_ kind: Kind, axes: [Int], keepsAxes: Bool = true) {
    self.kind = kind
    self.axes = axes
    self.keepsAxes = keepsAxes
  }

  package var parameters: String {
    "\(kind) \(axes.map(String.init).joined(separator: ","))" + (keepsAxes ? "" : " dropped")
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 || (inputs.count == 2 && kind == .sum && inputs[0] == inputs[1]),
      inputs[0].element == .float32, inputs[0].count > 0
    else {
      throw ShapeError(
        Self.name,
        "takes one float32 tensor with values, or for a sum of products two of one shape, not "
          + "\(inputs)")
    }
    guard Set(axes).count == axes.count, axes.allSatisfy(inputs[0].shape.indices.contains) else {
      throw ShapeError(Self.name, "\(inputs[0]) does not have each of the axes \(axes) once")
    }
    return [TensorType(.float32, shape(inputs[0], keeping: keepsAxes))]
  }

  private func shape(_ input: TensorType, keeping: Bool) -> [Int] {
    input.shape.enumerated().compactMap { axis, length in
      axes.contains(axis) ? (keeping ? 1 : nil) : length
    }
  }

  /// How many values are reduced to one.
  private func depth(_ input: TensorType) -> Int { axes.reduce(1) { $0 * input.shape[$1] } }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let kept = TensorType(.float32, shape(type, keeping: true))
    guard let rule = Broadcast(type.shape, kept.shape) else { preconditionFailure("no shape rule") }
    var results = [Double](repeating: kind == .maximum ? -.infinity : 0, count: kept.count)
    for place in rule.places {
      let x = inputs[0].values[place.left]
      switch kind {
      case .sum: results[place.right] += inputs.count == 2 ? x * inputs[1].values[place.left] : x
      case .mean: results[place.right] += x / Double(depth(type))
      case .maximum: results[place.right] = max(results[place.right], x)
      }
    }
    return [Reference(TensorType(.float32, shape(type, keeping: keepsAxes)), results)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs.count * inputs[0].count, bytes: (inputs + outputs).bytes)
  }

  /// If several values share a maximum, each gets an equal part.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let type = graph.type(of: inputs[0])
    let kept = shape(type, keeping: true)
    let given = try graph.reshaped(given[0]!, to: kept)
    switch kind {
    case .sum where inputs.count == 2:
      return try [1, 0].map { try graph.apply(Binary(.multiply), inputs[$0], given) }
    case .sum: return [try graph.apply(Stretch(to: type.shape), given)]
    case .mean:
      let ones = [Int](repeating: 1, count: kept.count)
      let count = graph.constant(Tensor([Float(depth(type))], shape: ones))
      let share = try graph.apply(Binary(.divide), given, count)
      return [try graph.apply(Stretch(to: type.shape), share)]
    case .maximum:
      let most = try graph.reshaped(outputs[0], to: kept)
      let among = try graph.apply(Binary(.equal), inputs[0], most)
      let count = try graph.apply(Reduce(.sum, axes: axes), among)
      return [
        try graph.apply(Binary(.multiply), among, graph.apply(Binary(.divide), given, count))
      ]
    }
  }

  /// The number of partial results for this many values.
  private static func parts(_ depth: Int) -> Int {
    depth <= 64 ? 1 : (Int(Double(depth).squareRoot()) + 15) / 16 * 16
  }

  /// The launches: each reduces the middle of three axes, or a part of it. Axes that are not
  /// adjacent are reduced one after another, the last first.
  private func passes(_ site: Site) -> [glint_reduce_params] {
    // Adjacent axes that are all reduced, or all kept.
    var ranges: [(length: Int, reduced: Bool)] = []
    for (axis, length) in site.inputs[0].shape.enumerated() where length != 1 {
      let reduced = axes.contains(axis)
      if ranges.last?.reduced == reduced {
        ranges[ranges.count - 1].length *= length
      } else {
        ranges.append((length, reduced))
      }
    }
    var list: [glint_reduce_params] = []
    func add(_ outer: Int, _ depth: Int, _ inner: Int, _ parts: Int) {
      list.append(
        glint_reduce_params(
          outer: Int32(outer), depth: Int32(depth), inner: Int32(inner), parts: Int32(parts),
          kind: Int32(kind == .maximum ? glint_reduce_maximum : glint_reduce_sum), divisor: 1,
          one: 1))
    }
    for place in ranges.indices.reversed() where ranges[place].reduced {
      let depth = ranges[place].length
      let outer = ranges[..<place].reduce(1) { $0 * $1.length }
      let inner = ranges[(place + 1)...].reduce(1) { $0 * ($1.reduced ? 1 : $1.length) }
      let parts = Self.parts(depth)
      add(outer, depth, inner, parts)
      if parts > 1 { add(outer, parts, inner, 1) }
    }
    if list.isEmpty { add(1, 1, site.inputs[0].count, 1) }
    if kind == .mean { list[list.count - 1].divisor = Float(depth(site.inputs[0])) }
    return list
  }

  /// Each pass with its operands, and the tensors between them.
  private func steps(
    _ site: Site
  ) -> (
    list: [(parameters: glint_reduce_params, operands: glint_reduce_operands, items: Int)],
    workspace: [TensorType]
  ) {
    let passes = passes(site)
    let counts = passes.map { Int($0.outer) * Int($0.parts) * Int($0.inner) }
    let list = passes.indices.map { index in
      let operands = glint_reduce_operands(
        left: index == 0 ? .input(0) : .workspace(index - 1),
        right: index == 0 && site.inputs.count == 2 ? .input(1) : .none,
        out: index == passes.count - 1 ? .output(0) : .workspace(index))
      return (passes[index], operands, counts[index])
    }
    return (list, counts.dropLast().map { TensorType(.float32, $0) })
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("passes") { site in
        let (list, workspace) = steps(site)
        return .launches(
          list.map {
            CPULaunch(
              glint_cpu_reduce, $0.parameters, $0.operands, items: .fixed($0.items),
              grain: max(256, 16384 * Int($0.parameters.parts) / Int($0.parameters.depth)))
          }, workspace: workspace)
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("passes") { site in
        let (list, workspace) = steps(site)
        return .launches(
          list.enumerated().map { index, step in
            OpenCLLaunch(
              glint_opencl_reduce,
              defines: ["PRODUCT": index == 0 && site.inputs.count == 2 ? "1" : "0"],
              step.parameters, step.operands, items: step.items)
          }, workspace: workspace)
      }
    ]
  }

  package static var samples: [Sample] {
    let cases: [(shape: [Int], axes: [Int])] = [
      ([1, 1], [0]), ([13], [0]), ([3, 5, 7, 17], [0, 1, 2]), ([2, 13, 17, 1], [0, 1, 2]),
      ([1, 1, 3, 48], [0, 1, 2]), ([1031, 3], [0]), ([3, 1031], [1]),
      ([2, 5, 3, 67, 3], [0, 2, 4]), ([2, 3, 5], []), ([7, 17, 33], [1]),
    ]
    return cases.flatMap { shape, axes in
      let type = TensorType(.float32, shape)
      let depth = axes.reduce(1) { $0 * shape[$1] }
      // Roundings within each partial result and between them; at most as many as there are values.
      let parts = parts(depth)
      let roundings = Double(depth / parts + parts + 4)
      let values = [1, 2].map { Reference.random(shape, -1...1, seed: $0) }
      return [
        Sample(
          Reduce(.sum, axes: axes), [values[0]],
          .absolute(roundings * Double(depth) * 0x1p-24), tiny: type.count < 4000),
        Sample(
          Reduce(.sum, axes: axes, keepsAxes: false), values,
          .absolute(roundings * Double(depth) * 0x1p-24), tiny: type.count < 4000),
        Sample(
          Reduce(.mean, axes: axes, keepsAxes: false), [values[0]],
          .absolute(roundings * 0x1p-24), tiny: type.count < 4000),
        Sample(Reduce(.maximum, axes: axes), [values[0]], .exact, tiny: type.count < 4000),
      ]
    } + [
      Sample(
        Reduce(.maximum, axes: [1]),
        [Reference(TensorType(.float32, 2, 3), [-2, -1, -1, 3, 0, 3])], note: "ties", .exact,
        tiny: true)
    ]
  }
}

extension Graph {
  /// Sums over all pixels for each channel, of one tensor or of the product of two: [channels].
  mutating func sumOverPixels(_ values: Value...) throws(ShapeError) -> Value {
    let rank = type(of: values[0]).shape.count
    return try apply(
      Reduce(.sum, axes: Array(0..<max(rank - 1, 0)), keepsAxes: false), to: values)[0]
  }

  /// A constant of a float32 type.
  mutating func constant(_ value: Float, _ type: TensorType) -> Value {
    constant(Tensor([Float](repeating: value, count: type.count), shape: type.shape))
  }

  mutating func constant(zeros type: TensorType) -> Value { constant(0, type) }
  mutating func constant(ones type: TensorType) -> Value { constant(1, type) }
}
