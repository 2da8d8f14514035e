import Compute

extension Layers {
  /// Concatenates each frame with its neighbours in time, earliest first: `frames` times the
  /// channels. The frames at the ends of the batch are repeated.
  struct Window: UnlearnedLayer {
    var frames: Int

    func channels(_ given: [Int]) -> Int { given[0] * frames }
    func size(_ given: [ImageSize?]) -> ImageSize? { given[0] }

    func reach(_ given: Reach) -> Reach {
      var reach = given
      reach.frames += frames / 2
      return reach
    }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      let radius = frames / 2
      if case .examples(let batch) = site.mode {
        return try graph.apply(TemporalWindow(radius: radius, length: batch.length), site.input)
      }
      guard site.mode == .rolling, radius > 0 else {
        return try graph.apply(TemporalWindow(radius: radius), site.input)
      }
      let name = "history \(site.index)"
      let shape = [2 * radius] + graph.type(of: site.input).shape.dropFirst()
      let history = graph.input(name, TensorType(.float32, shape))
      let rolled = try graph.apply(RollingWindow(radius: radius), to: [site.input, history])
      graph.output(name, rolled[1])
      return rolled[0]
    }

    /// Shifts along the batch, with the frames at its ends repeated.
    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let (x, name) = (site.input, site.name)
      let first = writer.slice(x, "\(name).first", axis: 0, 0, 1)
      let last = writer.slice(x, "\(name).last", axis: 0, -1, Int(Int32.max))
      var earlier: [String] = []
      var later: [String] = []
      var back = x
      var ahead = x
      for step in 0..<frames / 2 {
        let head = writer.slice(back, "\(name).head\(step)", axis: 0, 0, -1)
        back = writer.node("Concat", [first, head], [("axis", .int(0))])
        earlier.insert(back, at: 0)
        let tail = writer.slice(ahead, "\(name).tail\(step)", axis: 0, 1, Int(Int32.max))
        ahead = writer.node("Concat", [tail, last], [("axis", .int(0))])
        later.append(ahead)
      }
      return writer.node("Concat", earlier + [x] + later, [("axis", .int(1))])
    }
  }
}
