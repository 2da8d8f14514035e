import Containers
import Foundation
import Microscopy
import Reporting

/// Reads phase masks: radians on a square around the pupil, in row-major order. The file is npy, a
/// single-page TIFF, or a MATLAB 5 file with one matrix, in which the zeros around the disc belong
/// to the rest of the modulator.
package enum PhaseMaskFile {
  /// Reads a mask; `side` is the side of the square.
  ///
  /// Throws `PhaseMaskError`.
  package static func read(_ path: String) throws -> (side: Int, radians: [Float]) {
    let (width, height, values): (Int, Int, [Float])
    if path.lowercased().hasSuffix(".npy") {
      let array: NumPyArray
      do { array = try contents(path, NumPyArray.init) } catch {
        throw PhaseMaskError("\(error)".split(separator: "\n").first.map(String.init) ?? path)
      }
      guard array.shape.count == 2 else {
        throw PhaseMaskError("\(path) is an array of shape \(array.shape), not of rows and columns")
      }
      (height, width, values) = (array.shape[0], array.shape[1], array.values)
    } else if path.lowercased().hasSuffix(".mat") {
      (width, height, values) = try matrix(of: path)
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

  private static func contents<T>(_ path: String, _ read: ([UInt8]) throws -> T) throws -> T {
    try CalibrationFileError.reading(path) { try read(try InputFile.contents(of: path)) }
  }

  /// The only matrix of a MATLAB file, without the rows and columns of zeros around its disc.
  private static func matrix(of path: String) throws -> (Int, Int, [Float]) {
    let variables: [String: MATFile.Value]
    do { variables = try contents(path) { try MATFile($0).variables() } } catch {
      throw PhaseMaskError("\(error)".split(separator: "\n").first.map(String.init) ?? path)
    }
    let matrices = variables.values.compactMap { value -> (shape: [Int], values: [Double])? in
      guard case .numbers(let shape, let values) = value, shape.count == 2, shape.min()! > 1,
        values.count == shape[0] * shape[1]
      else { return nil }
      return (shape, values)
    }
    guard matrices.count == 1, let (shape, values) = matrices.first else {
      throw PhaseMaskError("\(path) holds \(matrices.count) matrices of numbers, not one")
    }
    let height = shape[0]
    let used = values.indices.filter { values[$0] != 0 }
    let (rows, columns) = (used.map { $0 % height }, used.map { $0 / height })
    guard let top = rows.min(), let bottom = rows.max(), let left = columns.min(),
      let right = columns.max()
    else { throw PhaseMaskError("the phase mask \(path) is zero everywhere") }
    let disc = (top...bottom).flatMap { y in
      (left...right).map { x in Float(values[x * height + y]) }
    }
    return (right - left + 1, bottom - top + 1, disc)
  }
}

/// Why a phase mask cannot be used.
package struct PhaseMaskError: Fault, Hashable {
  package let what: String

  init(_ what: String) { self.what = what }

  package var message: Message { Message(what) }
  package var remedy: Message? {
    "a mask is a square of radians around the pupil, .npy, .tif or .mat"
  }
}
