import Compute
import Foundation
import Localization
import Microscopy

/// What a run did and what it took; `glint localize --json` writes it.
public struct LocalizeReport: Codable, Sendable {
  /// Frames whose rows are in the outputs.
  public var frames = 0
  public var localizations = 0
  /// Spots that were fitted, whether or not they became rows.
  public var fits = 0
  /// Spots that did not become rows, by reason.
  public var dropped: [String: Int] = [:]
  /// Rows with a saturated pixel in their box; they are kept, and their photons are too few.
  public var saturated = 0
  /// Whole run, first frame read to last row written.
  public var seconds = 0.0
  /// Time in each stage. Stages overlap, so they add up to more than `seconds`.
  public var stages = Stages()
  public var framesPerSecond = 0.0
  /// Fits per second of the time that the device spends fitting.
  public var fitsPerSecond = 0.0
  public var peakMemoryBytes = 0
  public var device = ""
  /// Frames that travel together, and the memory of their plan.
  public var batch = 0
  public var arenaBytes = 0
  /// Each op's time on the device (on OpenCL only where profiling is on).
  public var profile: [ProfileRow] = []
  /// Lines that the user was told.
  public var notes: [String] = []
  public var interrupted = false
  public var version = glintVersion
  /// What the run was told.
  public var recipe = Recipe()

  public struct Stages: Codable, Sendable {
    public var read = 0.0
    public var compute = 0.0
    public var collect = 0.0
    public var write = 0.0
  }

  enum CodingKeys: String, CodingKey {
    case frames, localizations, fits, dropped, saturated, seconds, stages
    case framesPerSecond = "frames_per_second"
    case fitsPerSecond = "fits_per_second"
    case peakMemoryBytes = "peak_memory_bytes"
    case device, batch
    case arenaBytes = "arena_bytes"
    case profile, notes, interrupted, version, recipe
  }

  public func json() throws -> Data { try JSONEncoder.indented.encode(self) }
}
