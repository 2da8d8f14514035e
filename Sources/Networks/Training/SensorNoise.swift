import Compute
import Microscopy
import Optics

extension ExampleSettings {
  /// Single noisy pixels, as sensors of the sCMOS kind have them. A network is not told where.
  package struct HotPixels: Codable, Hashable, Sendable {
    /// Share of the pixels.
    package var share: Double
    /// Variance of their read noise, photoelectrons²; all ratios count the same.
    package var variance: DrawnRange

    package init(share: Double, variance: DrawnRange) {
      self.share = share
      self.variance = variance
    }
  }

  /// Takes the read noise from maps of a camera, whose median becomes `readVariance`.
  package mutating func use(_ maps: CameraMaps, path: String, checksum: UInt32) {
    camera = ExampleFile(path, checksum: checksum, content: maps)
    readVariance = DrawnRange(Self.readVariances(of: maps).median)
  }

  /// Of each pixel, photoelectrons².
  private static func readVariances(of maps: CameraMaps) -> [Double] {
    zip(maps.variance, maps.gain).map { Double($0 / ($1 * $1)) }
  }

  /// The variance of the read noise of each pixel of a movie, photoelectrons², [movies, 1, pixels]; nil
  /// if all pixels of a movie are alike.
  ///
  /// A movie sees a part of the maps at a place of its own. Its noisy pixels are drawn for it.
  ///
  /// - Parameters:
  ///   - variance: of a typical pixel, [movies, 1, 1].
  ///   - multiplied: 1 for a movie from a camera with electron multiplication, which has no noisy
  ///     pixels, [movies, 1, 1]; nil if none is.
  func pixelVariance(
    _ variance: Graph.Value, multiplied: Graph.Value?, _ draws: inout Draws, in graph: inout Graph
  ) throws -> Graph.Value? {
    let pixels = [movies, 1, height * width]
    var result: Graph.Value?
    if let maps = try camera?.loaded {
      let map = graph.constant(
        Tensor(
          Self.readVariances(of: maps).map { Float($0) }, shape: [maps.height, maps.width]))
      result = try graph.reshaped(
        graph.apply(
          CutWindows(height: height, width: width), map, draws.uniform([movies, 2], in: &graph)),
        to: pixels)
    }
    if let hotPixels {
      var isHot = try draws.coin(hotPixels.share, pixels, in: &graph)
      if let multiplied {
        isHot = try graph.apply(
          Binary(.multiply), isHot,
          graph.apply(Elementwise(.affine(scale: -1, shift: 1)), multiplied))
      }
      let range = DrawnRange(hotPixels.variance.from, hotPixels.variance.to, logarithmic: true)
      result = try graph.either(
        isHot, draws.values(in: range, pixels, in: &graph), result ?? variance)
    }
    return result
  }
}
