import Containers
import Foundation
import Microscopy
import Yams

/// Reads camera descriptions: scalars as text, or maps with a value per pixel.
///
/// ```swift
/// let (camera, maps) = try CameraFiles.read("calib.npy")
/// ```
public enum CameraFiles {
  package static let readableKinds = [
    "YAML or JSON (\(keys.joined(separator: ", ")))",
    "Picasso _scmos_calib.hdf5 (offset, variance, gain)", "npy (3 × height × width)",
    "TIFF of 3 pages (offset, variance, gain)",
  ]
  package static let keys = ["offset", "gain", "em_gain", "qe", "read_noise", "saturation"]

  /// Reads a camera; the format is detected from the content. Maps are offset (ADU), variance
  /// (ADU²) and gain (ADU/e⁻); without a gain map every pixel gets `scalars.gain`. Values missing
  /// in the file are taken from `scalars`.
  ///
  /// Throws `CameraFileError`, which names the first invalid pixel.
  public static func read(_ path: String, scalars: Camera = Camera()) throws -> (
    camera: Camera, maps: CameraMaps?
  ) {
    let head = try CameraFileError.head(of: path)
    let maps: CameraMaps
    if head.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      maps = try hdf5(path, gain: scalars.gain)
    } else if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      maps = try numpy(path)
    } else if head.starts(with: Array("II".utf8) + [42, 0])
      || head.starts(with: Array("MM".utf8) + [0, 42])
      || head.starts(with: Array("II".utf8) + [43, 0])
      || head.starts(with: Array("MM".utf8) + [0, 43])
    {
      maps = try CameraTIFF.read(path)
    } else if head.contains(0) {
      throw CameraFileError.unknownKind(path: path, found: "binary content of an unknown kind")
    } else {
      return (try text(path, scalars: scalars), nil)
    }
    try check(maps, path: path)
    return (scalars, maps)
  }

  /// JSON is YAML, so one parser serves both.
  private static func text(_ path: String, scalars: Camera) throws -> Camera {
    let data = try CameraFileError.reading(path) { try InputFile.contents(of: path) }
    guard data.count < 1 << 20 else {
      throw CameraFileError.unknownKind(path: path, found: "a text file larger than 1 MB")
    }
    let node: Node?
    do {
      node = try compose(yaml: String(decoding: data, as: UTF8.self))
    } catch {
      throw CameraFileError.damaged(path: path, reason: "it is neither YAML nor JSON")
    }
    guard let mapping = node?.mapping else {
      throw CameraFileError.unknownKind(path: path, found: "text without keys")
    }
    var camera = scalars
    var unknown: [String] = []
    for (key, value) in mapping {
      let name = key.string ?? "?"
      guard keys.contains(name) else {
        unknown.append(name)
        continue
      }
      guard let number = value.float, number.isFinite else {
        throw CameraFileError.impossible(
          path: path, reason: "\(name) \"\(value.string ?? "…")\" is not a number")
      }
      switch name {
      case "offset": camera.offset = number
      case "gain": camera.gain = number
      case "em_gain": camera.emGain = number
      case "qe": camera.quantumEfficiency = number
      case "read_noise": camera.readNoise = number
      default: camera.saturation = number
      }
    }
    guard unknown.isEmpty else { throw CameraFileError.unknownKeys(path: path, keys: unknown) }
    if let problem = camera.problem {
      throw CameraFileError.impossible(path: path, reason: problem)
    }
    return camera
  }

  private static func hdf5(_ path: String, gain: Double) throws -> CameraMaps {
    try CameraFileError.reading(path) {
      let file = try HDF5File(path: path)
      func map(_ name: String) throws -> (shape: [Int], values: [Float])? {
        try file.dataset(name).map { ($0.shape, try $0.floats()) }
      }
      guard let offset = try map("offset"), let variance = try map("variance") else {
        throw CameraFileError.unknownKind(
          path: path,
          found:
            "an HDF5 file without offset and variance (\(try file.names().joined(separator: ", ")))"
        )
      }
      let gains = try map("gain")
      guard offset.shape.count == 2, variance.shape == offset.shape,
        gains == nil || gains?.shape == offset.shape
      else { throw CameraFileError.damaged(path: path, reason: "its maps differ in size") }
      return CameraMaps(
        width: offset.shape[1], height: offset.shape[0], offset: offset.values,
        variance: variance.values,
        gain: gains?.values ?? Array(repeating: Float(gain), count: offset.values.count))
    }
  }

  private static func numpy(_ path: String) throws -> CameraMaps {
    let array = try CameraFileError.reading(path) {
      let bytes = try InputFile.contents(of: path)
      guard let header = try? NumPyArray.Header(bytes) else {
        throw CameraFileError.damaged(
          path: path, reason: "its header is cut off or is not that of NumPy")
      }
      if header.holdsObjects { throw CameraFileError.pickled(path: path) }
      guard header.shape.allSatisfy({ $0 > 0 }) else {
        throw CameraFileError.damaged(path: path, reason: "its shape is \(header.shape)")
      }
      guard header.element != nil else {
        throw CameraFileError.unknownKind(
          path: path, found: "an array of the type \(header.type)")
      }
      return try NumPyArray(bytes)
    }
    guard array.shape.count == 3, array.shape[0] == 3 else {
      throw CameraFileError.unknownKind(
        path: path,
        found: "an array of shape \(array.shape), where 3 × height × width is expected")
    }
    let size = array.shape[1] * array.shape[2]
    return CameraMaps(
      width: array.shape[2], height: array.shape[1], offset: Array(array.values[..<size]),
      variance: Array(array.values[size..<2 * size]), gain: Array(array.values[(2 * size)...]))
  }

  /// Throws for the first pixel with a value that is not valid for a sensor.
  private static func check(_ maps: CameraMaps, path: String) throws {
    guard maps.width > 0, maps.height > 0 else {
      throw CameraFileError.damaged(path: path, reason: "its maps have no pixels")
    }
    for pixel in 0..<maps.width * maps.height {
      let (offset, variance, gain) = (maps.offset[pixel], maps.variance[pixel], maps.gain[pixel])
      let problem: String
      if !(abs(offset) <= 1e10) {
        problem = "offset \(offset) is not a finite number within ±1e10 ADU"
      } else if !(0...1e15 ~= variance) {
        problem = "variance \(variance) ADU² must be in 0...1e15"
      } else if !(1e-6...1e6 ~= gain) {
        problem = "gain \(gain) ADU/e⁻ must be in 1e-06...1e06"
      } else {
        continue
      }
      throw CameraFileError.impossible(
        path: path, reason: "pixel (\(pixel % maps.width), \(pixel / maps.width)): \(problem)")
    }
  }
}
