import Foundation
import Microscopy

/// A movie copied into memory, so that reading it only costs a copy; for profiling.
public final class MovieInMemory: Movie {
  public let info: MovieInfo
  private let bytes: [UInt8]

  /// Reads all of `movie`.
  public init(_ movie: some Movie) throws {
    info = movie.info
    var bytes = [UInt8](repeating: 0, count: info.frames * info.frameBytes)
    try bytes.withUnsafeMutableBytes { try movie.read(0..<movie.info.frames, into: $0) }
    self.bytes = bytes
  }

  public func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    bytes.withUnsafeBytes {
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(
          rebasing: $0[frames.lowerBound * info.frameBytes..<frames.upperBound * info.frameBytes]))
    }
  }
}
