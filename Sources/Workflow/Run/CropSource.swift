import Foundation
import Localization
import Microscopy
import Networks

/// Crops of equal size around positions in a movie, as floats.
///
/// `@unchecked Sendable`: only one thread fills buffers.
package final class CropSource: Source, @unchecked Sendable {
  /// The frame and first pixel of a crop, and its number among the requested crops.
  package struct Place: Sendable {
    package var frame: Int
    package var y: Int
    package var x: Int
    package var number: Int

    package init(frame: Int, y: Int, x: Int, number: Int) {
      self.frame = frame
      self.y = y
      self.x = x
      self.number = number
    }
  }

  /// In processing order.
  package let places: [Place]
  private let movie: any Movie
  private let size: (height: Int, width: Int)
  private let batch: Int
  private let network: String
  private var frame: [UInt8]
  private var loaded = -1
  private let finished: Int
  private var next: Int

  /// - Parameters:
  ///   - places: positions inside the movie's frames, in any order.
  ///   - finished: the number of crops, in processing order, that are not wanted any more.
  ///   - network: the name of the network, for messages.
  package init(
    _ movie: any Movie, _ places: [Place], size: (height: Int, width: Int), batch: Int,
    finished: Int = 0, for network: String
  ) {
    self.movie = movie
    // Crops are sorted by frame, so that each frame is read once.
    self.places = places.sorted { ($0.frame, $0.number) < ($1.frame, $1.number) }
    self.size = size
    self.batch = batch
    self.finished = finished
    next = finished
    self.network = network
    frame = Array(repeating: 0, count: movie.info.frameBytes)
  }

  package var count: Int { places.count - finished }

  private var cropBytes: Int { 4 * size.height * size.width }

  package var batchBytes: Int { batch * cropBytes }

  package func fill(_ buffer: BatchBuffer, isStopped: () -> Bool) throws -> Bool {
    guard next < places.count else { return false }
    let own = next..<min(next + batch, places.count)
    for index in own {
      let place = places[index]
      if place.frame != loaded {
        try frame.withUnsafeMutableBytes {
          try movie.read(place.frame..<place.frame + 1, into: $0)
        }
        loaded = place.frame
      }
      let start = (index - own.lowerBound) * cropBytes
      let crop = UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes[start..<start + cropBytes]
      ).bindMemory(to: Float.self)
      cut(place, into: crop)
      guard crop.allSatisfy(\.isFinite) else {
        throw NetworkError.frame(
          system: network,
          reason: "the crop of row \(place.number) in frame \(place.frame) contains a NaN or an "
            + "infinite value")
      }
    }
    buffer.hold(own, of: own, itemBytes: cropBytes)
    next = own.upperBound
    return true
  }

  private func cut(_ place: Place, into crop: UnsafeMutableBufferPointer<Float>) {
    let info = movie.info
    frame.withUnsafeBytes { bytes in
      for y in 0..<size.height {
        for x in 0..<size.width {
          let pixel = (place.y + y) * info.width + place.x + x
          crop[y * size.width + x] =
            info.pixel == .uint16
            ? Float(bytes.load(fromByteOffset: 2 * pixel, as: UInt16.self))
            : bytes.load(fromByteOffset: 4 * pixel, as: Float.self)
        }
      }
    }
  }
}
