import Compute

extension Network {
  struct Size {
    var height: Int
    var width: Int

    init(_ height: Int, _ width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// Height and width of every layer's value for frames of a size.
  func sizes(height: Int, width: Int) -> [Size] {
    var result: [Size] = []
    for node in nodes {
      let given: Size = node.inputs[0].node.map { result[$0] } ?? Size(height, width)
      switch node.layer {
      case .convolution(let kernel, _, _), .maxPool(let kernel), .averagePool(let kernel):
        let around = kernel.padding
        result.append(
          Size(
            kernel.outputSize(given.height, before: around.top, after: around.bottom),
            kernel.outputSize(given.width, before: around.left, after: around.right)
          ))
      case .transposedConvolution(let kernel, _, _):
        let around = kernel.padding
        result.append(
          Size(
            (given.height - 1) * kernel.stride + kernel.reach + 1 - around.top - around.bottom,
            (given.width - 1) * kernel.stride + kernel.reach + 1 - around.left - around.right
          ))
      case .upsample(let factor, _):
        result.append(Size(given.height * factor, given.width * factor))
      case .dense: result.append(Size(1, 1))
      default: result.append(given)
      }
    }
    return result
  }

  /// Multiply–accumulates of convolutions and dense layers for one frame, computed directly.
  public func multiplications(height: Int, width: Int) -> Int {
    let sizes = sizes(height: height, width: width)
    var sum = 0
    for (node, size) in zip(nodes, sizes) {
      let given = channels(of: node.inputs[0])
      switch node.layer {
      case .convolution(let kernel, let outputs, _):
        sum += size.height * size.width * kernel.size * kernel.size * given * outputs
      case .transposedConvolution(let kernel, let outputs, _):
        let from = node.inputs[0].node.map { sizes[$0] } ?? Size(height, width)
        sum += from.height * from.width * kernel.size * kernel.size * given * outputs
      case .dense(let outputs, let height, let width): sum += given * height * width * outputs
      default: break
      }
    }
    return sum
  }

  /// Multiply–accumulates per pixel of the frame, of a large frame.
  public var multiplicationsPerPixel: Double {
    let side = 256 * alignment
    return Double(multiplications(height: side, width: side)) / Double(side * side)
  }
}
