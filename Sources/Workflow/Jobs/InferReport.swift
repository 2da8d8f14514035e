import Foundation
import Microscopy

/// The report of `glint infer`.
public struct InferReport: Codable, Sendable {
  /// The number of frames or crops whose results are in the output.
  public var frames = 0
  public var seconds = 0.0
  public var framesPerSecond = 0.0
  public var peakMemoryBytes = 0
  public var device = ""
  /// Frames per network run, and tiles per frame.
  public var batch = 0
  public var tiles = 0
  /// Channels, rows and columns of an image; the columns of a table.
  public var outputs: [String] = []
  public var height = 0
  public var width = 0
  public var notes: [String] = []
  public var interrupted = false
  public var version = glintVersion
  public var recipe = Recipe()

  enum CodingKeys: String, CodingKey {
    case frames, seconds
    case framesPerSecond = "frames_per_second"
    case peakMemoryBytes = "peak_memory_bytes"
    case device, batch, tiles, outputs, height, width, notes, interrupted, version, recipe
  }

  public func json() throws -> Data { try JSONEncoder.indented.encode(self) }
}
