import Compute

extension Layers {
  /// Converts an image of `size` to a vector or back; values are in the order row, column, channel.
  struct Reshape: UnlearnedLayer {
    enum Result: Hashable, Sendable {
      case vector
      case image
    }

    var result: Result
    var size: ImageSize

    func channels(_ given: [Int]) -> Int {
      result == .vector ? given[0] * size.count : given[0] / max(size.count, 1)
    }

    func size(_ given: [ImageSize?]) -> ImageSize? { result == .vector ? nil : size }
    func reach(_ given: Reach) -> Reach { given.ofWholeFrame }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      let shape = graph.type(of: site.input).shape
      let image = [size.height, size.width]
      let fits =
        result == .vector
        ? shape.count == 4 && Array(shape[1...2]) == image
        : shape.count == 2 && size.count > 0 && shape[1] % size.count == 0
      guard fits else {
        throw ShapeError(
          "reshape", "\(graph.type(of: site.input)) is not an image of \(size.height)×\(size.width)"
        )
      }
      let channels = channels([shape[shape.count - 1]])
      return try graph.apply(
        Compute.Reshape([shape[0]] + (result == .vector ? [] : image) + [channels]), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      switch result {
      case .vector:
        let turned = writer.node("Transpose", site.inputs, [("perm", .ints([0, 2, 3, 1]))])
        return writer.node("Flatten", [turned], [("axis", .int(1))])
      case .image:
        let shape = writer.initializer(
          "\(site.name).shape", integers: [0, size.height, size.width, -1])
        let image = writer.node("Reshape", [site.input, shape])
        return writer.node("Transpose", [image], [("perm", .ints([0, 3, 1, 2]))])
      }
    }
  }
}
