import Compute

/// One layer of a network, without its learned numbers.
///
/// A layer says everything that the rest of the package needs to know of it. Nothing here has a default:
/// tiles, costs, files of weights and exports rely on each answer. What layers have in common they say by
/// conforming to `PixelwiseLayer` or `UnlearnedLayer`.
///
/// Images are [batch, rows, columns, channels] in the graph and [batch, channels, rows, columns] in ONNX;
/// vectors are [batch, channels] in both.
protocol Layer: Hashable, Sendable {
  /// Channels of the result for inputs of these channels.
  func channels(_ given: [Int]) -> Int
  /// Rows and columns of the result; nil is a vector, which has none.
  func size(_ given: [ImageSize?]) -> ImageSize?
  /// What of the network's input the result depends on, where the layer's inputs depend on `given`.
  func reach(_ given: Reach) -> Reach
  /// The layer's tensors for an input of so many channels, in the order in which `lower` and `onnx` take
  /// them; their names are parts, such as "weight".
  func parameters(_ given: Int) -> [Parameter]
  /// What the layer is in files that keep only the order of layers; nil where it has no tensors.
  var place: LayersInOrder.Place? { get }
  /// Multiply–accumulates of convolutions and dense layers for one image, computed directly.
  func multiplications(_ channels: Int, _ given: ImageSize?) -> Int
  /// Adds the layer to a graph. Throws `ShapeError` where the inputs do not fit it.
  func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value
  /// Adds the layer to an ONNX graph, and gives what its result is called there.
  func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String
}

/// Types of layers, by the names that the field gives them.
enum Layers {}

/// Rows and columns of an image.
struct ImageSize: Hashable, Sendable {
  var height: Int
  var width: Int

  init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  var count: Int { height * width }
}

/// Where in a graph a layer is added, and for what.
struct LoweringSite {
  let inputs: [Graph.Value]
  /// The layer's tensors, in the order of `Layer.parameters`.
  let learned: [Graph.Value]
  /// Whether a layer that looks at neighbours in time keeps what it needs of earlier batches as state on
  /// the device; its results then come as many frames late as it looks ahead.
  let isRolling: Bool
  /// The layer's number in its network.
  let index: Int

  var input: Graph.Value { inputs[0] }
}

/// Where in an ONNX graph a layer is added.
struct ONNXSite {
  let inputs: [String]
  /// Names of the layer's tensors, in the order of `Layer.parameters`.
  let learned: [String]
  /// A name that no other layer has, for the constants of this one.
  let name: String
  /// Whether the first input is a vector.
  let isVector: Bool

  var input: String { inputs[0] }
}

extension Layer {
  func isEqual(to other: any Layer) -> Bool { other as? Self == self }
}

/// A layer whose result at a place depends on its inputs at that place of the same frame only.
protocol PixelwiseLayer: Layer {}

extension PixelwiseLayer {
  func size(_ given: [ImageSize?]) -> ImageSize? { given[0] }
  func reach(_ given: Reach) -> Reach { given }
}

/// A layer without tensors of its own, hence without products of weights.
protocol UnlearnedLayer: Layer {}

extension UnlearnedLayer {
  func parameters(_ given: Int) -> [Parameter] { [] }
  var place: LayersInOrder.Place? { nil }
  func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }
}

/// A layer that exporters fold into the convolution before it.
protocol FoldableLayer: Layer {
  /// Its tensors where a file has only the folded convolution, so that both together are that: `bias` is
  /// what the convolution of the network has no place for.
  func folded(bias: Tensor?, channels: Int) -> [String: Tensor]
}
