extension Network {
  /// Rows and columns of every layer's result for frames of this size; nil for vectors.
  func sizes(height: Int, width: Int) -> [ImageSize?] {
    walk(ImageSize(height, width)) { node, given in node.layer.size(given) }
  }

  /// Multiply–accumulates of convolutions and dense layers for one frame, computed directly.
  package func multiplications(height: Int, width: Int) -> Int {
    let sizes = sizes(height: height, width: width)
    return nodes.reduce(0) { sum, node in
      let given = node.inputs[0].node.map { sizes[$0] } ?? ImageSize(height, width)
      return sum + node.layer.multiplications(channels(of: node.inputs[0]), given)
    }
  }

  /// Multiply–accumulates per pixel of a large frame.
  package var multiplicationsPerPixel: Double {
    let side = 256 * alignment
    return Double(multiplications(height: side, width: side)) / Double(side * side)
  }
}
