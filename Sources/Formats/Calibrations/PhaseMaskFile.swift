import Foundation
import Microscopy

/// Phase masks as files: radians on a square around the pupil, row by row, npy or single-page TIFF.
public enum PhaseMaskFile {
  /// Reads a mask; its side is that of the square.
  ///
  /// Throws `PhaseMaskError`.
  public static func read(_ path: String) throws -> (side: Int, radians: [Float]) {
    let (width, height, values): (Int, Int, [Float])
    if path.lowercased().hasSuffix(".npy") {
      let array: NumpyArray
      do { array = try NumpyArray(path: path) } catch {
        throw PhaseMaskError("\(error)".split(separator: "\n").first.map(String.init) ?? path)
      }
      guard array.shape.count == 2 else {
        throw PhaseMaskError("\(path) is an array of shape \(array.shape), not of rows and columns")
      }
      (height, width, values) = (array.shape[0], array.shape[1], array.values)
    } else {
      let movie = try Movies.open(path)
      let info = movie.info
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: info.frameBytes, alignment: 64)
      defer { bytes.deallocate() }
      try movie.read(0..<1, into: bytes)
      (width, height) = (info.width, info.height)
      values =
        info.pixel == .uint16
        ? bytes.bindMemory(to: UInt16.self).map(Float.init)
        : Array(bytes.bindMemory(to: Float.self))
    }
    guard width == height, width >= 2 else {
      throw PhaseMaskError("the phase mask \(path) is \(width)×\(height), not square")
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw PhaseMaskError(
        "the phase mask \(path) is not a number at (\(bad % width), \(bad / width))")
    }
    return (width, values)
  }
}

/// A phase mask that cannot be used.
public struct PhaseMaskError: Error, Hashable, CustomStringConvertible {
  public let what: String

  init(_ what: String) { self.what = what }

  public var description: String {
    "\(what)\nhint: a mask is a square of radians around the pupil, .npy or .tif"
  }
}
