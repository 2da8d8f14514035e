import Microscopy
import Optics

/// The Jaccard index of points that know nothing of the molecules.
///
/// In a crowd a random point often lies near some molecule, so that an index says little until it is
/// compared with this one.
struct ChanceLevel {
  /// As many points in each frame as the table has, uniformly distributed over the field.
  private let points: Localizations
  private let truth: Localizations
  private let settings: ScoreSettings

  /// Frames are added until so many points are drawn.
  private static let enough = 20_000

  /// nil if nothing can be drawn.
  init?(
    _ localizations: Localizations, _ truth: Localizations, _ settings: ScoreSettings
  ) {
    guard truth.count > 0, localizations.count > 0, let x = truth[.x], let y = truth[.y],
      let columns = Self.extent(x, truth.field.width ?? localizations.field.width),
      let rows = Self.extent(y, truth.field.height ?? localizations.field.height)
    else { return nil }
    let frames = Self.sampled(localizations.frame, settings.frames)
    self.settings = settings
    self.truth = truth.selecting(truth.frame.indices.filter { frames.contains(truth.frame[$0]) })
    var random = RandomStream(seed: 1)
    var points = Localizations(field: localizations.field)
    points.frame = localizations.frame.filter { frames.contains($0) }
    func draw(_ range: ClosedRange<Double>) -> [Double] {
      points.frame.map { _ in
        range.lowerBound + random.uniform() * (range.upperBound - range.lowerBound)
      }
    }
    points[.x] = draw(columns)
    points[.y] = draw(rows)
    if localizations[.z] != nil, let z = truth[.z] {
      points[.z] = points.frame.map { _ in z[Int(random.uniform() * Double(z.count))] }
    }
    self.points = points
  }

  /// The field of view along one axis, or where the molecules are, px.
  private static func extent(_ places: [Double], _ size: Int?) -> ClosedRange<Double>? {
    if let size { return -0.5...Double(size) - 0.5 }
    let finite = places.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    return low...high
  }

  /// Frames spread evenly over the table.
  private static func sampled(_ frames: [Int], _ range: Range<Int>?) -> Set<Int> {
    let all = Set(frames).filter { range?.contains($0) ?? true }.sorted()
    let stride = max(frames.count / enough, 1)
    return Set(all.indices.filter { $0.isMultiple(of: stride) }.map { all[$0] })
  }

  /// Pairs over the union, within a lateral distance, nm.
  func jaccard(within tolerance: Double) throws -> Double {
    var settings = settings
    settings.lateralTolerance = tolerance
    return try Matching(of: points, with: truth, settings: settings).jaccard
  }
}

extension Matching {
  /// Pairs over the union of both tables; 0 for empty ones.
  var jaccard: Double {
    let union = pairs.count + unpairedLocalizations.count + unpairedMolecules.count
    return union == 0 ? 0 : Double(pairs.count) / Double(union)
  }
}
