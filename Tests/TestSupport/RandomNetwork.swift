import Compute

/// A seeded graph of typical network layers with constant weights, on a small image.
package struct RandomNetwork: Sendable {
  package let graph: Graph
  package let inputs: [String: Reference]

  package init(seed: UInt64, layers: Int = 6) throws {
    var random = SampleGenerator(seed: seed)
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let shape = [
      number(1...2), number(3...6), number(3...7), [1, 3, 8].randomElement(using: &random)!,
    ]
    var graph = Graph()
    var value = graph.input("image", TensorType(.float32, shape))
    func constant(_ shape: [Int], _ range: ClosedRange<Double>) -> Graph.Value {
      graph.constant(Reference.random(shape, range, seed: random.next()).tensor)
    }
    var enlarged = false
    for _ in 0..<layers {
      let type = graph.type(of: value).shape
      let channels = type[3]
      // The rules about enlargements look for what follows them.
      let kind = enlarged ? 0 : number(0...10)
      let enlarges = (kind == 3 || kind == 9) && type[1] < 12
      defer { enlarged = enlarges }
      switch kind {
      case 0, 1, 2:
        let kernel = (enlarged ? [1, 3] : [1, 3, 3]).randomElement(using: &random)!
        let outputs = [channels, 8, 5].randomElement(using: &random)!
        let reach = 1 / Double(kernel * channels)
        let weights = constant([kernel, kernel, channels, outputs], -reach...reach)
        value =
          Bool.random(using: &random)
          ? try graph.apply(Convolution(), value, weights)
          : try graph.apply(Convolution(bias: true), value, weights, constant([outputs], -1...1))
      case _ where enlarges:
        value = try graph.apply(
          Upsample(Bool.random(using: &random) ? .nearest : .bilinear), value)
      case 4:
        value = try graph.apply(
          BatchNorm(), value, constant([channels], -1...1), constant([channels], -1...1),
          constant([channels], -1...1), constant([channels], 0.5...2))
      case 5:
        let steps: [ElementwiseStep] = [.relu, .elu(alpha: 1), .leakyReLU(slope: 0.2), .sigmoid]
        value = try graph.apply(Elementwise(steps.randomElement(using: &random)!), value)
      case 8: value = try graph.apply(Elementwise(.affine(scale: 1, shift: 0)), value)
      case 6: value = try graph.apply(PReLU(), value, constant([1], 0...0.5))
      case 7:
        let weights = constant([3, 3, channels, channels], -0.2...0.2)
        let branch = try graph.apply(Convolution(), value, weights)
        value = try graph.apply(Add(), value, branch)
      default: value = try graph.apply(Concat(), value, value)
      }
      if graph.type(of: value).shape[3] > 16 {
        value = try graph.apply(SelectChannels(0..<7), value)
      }
    }
    graph.output("map", value)
    self.graph = graph
    inputs = ["image": .random(shape, -1...1, seed: random.next())]
  }
}
