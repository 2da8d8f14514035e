import Compute
import Foundation
import Localization
import Microscopy

/// The report of a run, written by `glint localize --json`.
public struct LocalizeReport: Codable, Sendable {
  /// The number of frames whose rows are in the outputs.
  public var frames = 0
  public var localizations = 0
  /// The number of fitted spots, whether or not they became rows.
  public var fits = 0
  /// The number of spots that did not become rows, by reason.
  public var dropped: [String: Int] = [:]
  /// The number of rows with a saturated pixel in their box; they are kept, but their photons are
  /// underestimated.
  public var saturated = 0
  /// Duration of the run, from the first frame read to the last row written.
  public var seconds = 0.0
  /// Time in each stage. Stages overlap, so they add up to more than `seconds`.
  public var stages = Stages()
  public var framesPerSecond = 0.0
  /// Fits per second of fitting time on the device.
  public var fitsPerSecond = 0.0
  public var peakMemoryBytes = 0
  public var device = ""
  /// Frames per batch, and the memory of the plan.
  public var batch = 0
  public var arenaBytes = 0
  /// Each op's time on the device (on OpenCL only where profiling is on).
  public var profile: [ProfileRow] = []
  /// Notes that were shown to the user.
  public var notes: [String] = []
  /// What the rows of a network say about their own errors.
  package var trust: TrustReport?
  public var interrupted = false
  public var version = glintVersion
  /// The resolved recipe.
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
    case profile, notes, trust, interrupted, version, recipe
  }

  public func json() throws -> Data { try JSONEncoder.indented.encode(self) }
}
