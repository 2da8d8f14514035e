import Foundation
import Microscopy
import Optics

/// Checks whether the noise in a few frames of a movie agrees with the given camera.
enum CameraWarning {
  /// The approximate number of pixels that are checked, independent of the movie's size.
  private static let pixels = 1 << 20

  /// A contradiction to the camera; nil if there is none, or if there are not enough data.
  ///
  /// - Parameter maps: camera maps of the region's size.
  static func of(
    _ movie: any Movie, frames: Range<Int>, region: PixelRegion, camera: Camera, maps: CameraMaps?
  ) -> NoiseCheck.Warning? {
    // A window in the middle, and pairs of frames throughout the movie.
    let window = PixelRegion(
      x: max(0, region.width - 256) / 2, y: max(0, region.height - 256) / 2,
      width: min(region.width, 256), height: min(region.height, 256))
    let pairs = min(frames.count / 2, max(4, pixels / (window.width * window.height)), 256)
    guard pairs > 0 else { return nil }
    var check = NoiseCheck(
      width: window.width, height: window.height, camera: camera,
      maps: maps?.cropped(to: window))
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: 2 * movie.info.frameBytes, alignment: 64)
    defer { buffer.deallocate() }
    for pair in 0..<pairs {
      let first = frames.lowerBound + frames.count * pair / pairs
      // Read errors are left to the run, which keeps the frames before them.
      guard (try? movie.read(first..<first + 2, into: buffer)) != nil else { break }
      func part(_ frame: Int) -> [Float] {
        let size = movie.info.width * movie.info.height
        return (0..<window.height).flatMap { y in
          let start =
            frame * size + (region.y + window.y + y) * movie.info.width + region.x + window.x
          let row = start..<start + window.width
          return movie.info.pixel == .uint16
            ? buffer.bindMemory(to: UInt16.self)[row].map(Float.init)
            : Array(buffer.bindMemory(to: Float.self)[row])
        }
      }
      check.add(part(0), part(1))
    }
    return check.warning
  }
}
