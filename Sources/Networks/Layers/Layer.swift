import Compute

/// One layer of a network, without its learned numbers.
///
/// A layer provides everything that the rest of the package needs. Nothing here has a default,
/// because tiles, costs, weight files and exports rely on each answer. Properties that layers have
/// in common come from `PixelwiseLayer` and `UnlearnedLayer`.
///
/// Images are [batch, rows, columns, channels] in the graph and [batch, channels, rows, columns] in
/// ONNX; vectors are [batch, channels] in both.
protocol Layer: Hashable, Sendable {
  /// Channels of the result for inputs of these channels.
  func channels(_ given: [Int]) -> Int
  /// Rows and columns of the result; nil for a vector.
  func size(_ given: [ImageSize?]) -> ImageSize?
  /// The part of the network's input that the result depends on, if the layer's inputs depend on
  /// `given`.
  func reach(_ given: Reach) -> Reach
  /// The layer's tensors for an input with this many channels, in the order that `lower` and `onnx`
  /// use; names are partial, such as "weight".
  func parameters(_ given: Int) -> [Parameter]
  /// How files that keep only the order of layers describe it; nil if it has no tensors.
  var place: LayersInOrder.Place? { get }
  /// Multiply–accumulates of convolutions and dense layers for one image, computed directly.
  func multiplications(_ channels: Int, _ given: ImageSize?) -> Int
  /// Adds the layer to a graph. Throws `ShapeError` if the inputs do not fit it.
  func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value
  /// Adds the layer to an ONNX graph and returns the name of its result there.
  func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String
}

/// Types of layers, with the field's names.
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

/// The place in a graph at which a layer is added.
struct LoweringSite {
  let inputs: [Graph.Value]
  /// The layer's tensors, in the order of `Layer.parameters`.
  let learned: [Graph.Value]
  let mode: LoweringMode
  /// The layer's index in its network.
  let index: Int

  var input: Graph.Value { inputs[0] }
}

/// What the batches of a graph are.
enum LoweringMode: Hashable, Sendable {
  /// Each batch is a whole movie.
  case movie
  /// Batches continue each other: a layer that uses neighbouring frames keeps what it needs of
  /// earlier ones as state on the device. Its results are delayed by the number of later frames
  /// that it uses.
  case rolling
  /// The batch has several short movies.
  case examples(ExampleBatch)
}

/// What layers need to know of a batch of examples.
package struct ExampleBatch: Hashable, Sendable {
  /// Whether the network learns: units are dropped, and statistics are those of the batch.
  let learns: Bool
  /// Frames of a movie.
  let length: Int
  /// Seed and step, for random numbers.
  let clock: Graph.Value
  /// The background as a run would measure it, photoelectrons per pixel, [frames, 1, 1, 1].
  let level: Graph.Value
  /// The variance of the read noise, photoelectrons², [frames, 1, 1, 1].
  let variance: Graph.Value
}

/// The place in an ONNX graph at which a layer is added.
struct ONNXSite {
  let inputs: [String]
  /// Names of the layer's tensors, in the order of `Layer.parameters`.
  let learned: [String]
  /// A unique name, for this layer's constants.
  let name: String
  /// Whether the first input is a vector.
  let isVector: Bool

  var input: String { inputs[0] }
}

extension Layer {
  func isEqual(to other: any Layer) -> Bool { other as? Self == self }
}

/// A layer whose result at a pixel depends only on its inputs at that pixel of the same frame.
protocol PixelwiseLayer: Layer {}

extension PixelwiseLayer {
  func size(_ given: [ImageSize?]) -> ImageSize? { given[0] }
  func reach(_ given: Reach) -> Reach { given }
}

/// A layer without tensors of its own, and so without multiplications by weights.
protocol UnlearnedLayer: Layer {}

extension UnlearnedLayer {
  func parameters(_ given: Int) -> [Parameter] { [] }
  var place: LayersInOrder.Place? { nil }
  func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }
}

/// A layer that exporters fold into the preceding convolution.
protocol FoldableLayer: Layer {
  /// Its tensors if a file has only the folded convolution, such that both layers together equal
  /// that one: `bias` is set if the network's convolution has no bias to hold it.
  func folded(bias: Tensor?, channels: Int) -> [String: Tensor]
}
