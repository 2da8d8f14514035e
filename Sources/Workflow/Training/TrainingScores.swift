import Foundation
import Localization
import Microscopy
import Networks
import Optics

/// How well a network in training does on simulated movies.
public struct TrainingScores: Codable, Hashable, Sendable {
  /// Steps that were done.
  public var step: Int
  public var loss: Double
  /// Jaccard indices with pairs within 250 and 100 nm; nil if the network finds no emitters, as are
  /// the others.
  public var jaccard: Double?
  public var closeJaccard: Double?
  /// The Jaccard index of as many random points, within 250 nm.
  public var chance: Double?
  public var recall: Double?
  public var precision: Double?
  /// Root mean square of the lateral distance, nm.
  public var rmse: Double?
  /// Root mean square of x and y errors over √CRLB of a molecule that is alone.
  public var overBound: Double?
  /// The width of the distribution of x errors over the network's own standard errors; 1 if these are
  /// right. nil if it states none.
  public var overSigma: Double?
  /// The share of crops whose class is right; nil if the network does not find classes.
  public var accuracy: Double?

  enum CodingKeys: String, CodingKey {
    case step, loss, chance, recall, precision, accuracy
    case jaccard = "j250"
    case closeJaccard = "j100"
    case rmse = "rmse_nm"
    case overBound = "error_over_bound"
    case overSigma = "error_over_sigma"
  }

  init(step: Int, loss: Double) {
    self.step = step
    self.loss = loss
  }

  /// The number of pairs whose bound is computed.
  private static let boundPairs = 2000

  init(
    _ result: Validation.Result, step: Int, _ system: any TrainableSystem,
    _ examples: ExampleSettings
  ) throws {
    self.step = step
    loss = result.loss
    accuracy = result.accuracy
    guard let columns = system.task.emitters?.columns, result.loss.isFinite else { return }
    let frames = 1 + max(result.targets.last?.frame ?? 0, result.list.places.last?.frame ?? 0)
    let field = FieldOfView(
      width: examples.width, height: examples.height, frames: frames, pixelSize: examples.pixelSize)
    var found = Localizations(field: field)
    let rows = result.list.sorted
    found.frame = rows.map { result.list.places[$0].frame }
    for column in columns {
      found[column.quantity] = rows.map { column.value(result.list, $0, (0, 0)) }
    }
    var truth = Localizations(field: field)
    truth.frame = result.targets.map(\.frame)
    truth[.x] = result.targets.map(\.x)
    truth[.y] = result.targets.map(\.y)
    if found[.z] != nil { truth[.z] = result.targets.map(\.z) }
    let settings = ScoreSettings(border: 0)
    let score = try Score(of: found, against: truth, settings: settings)
    (jaccard, closeJaccard, chance) = (score.jaccard, score.closeJaccard, score.chance)
    (recall, precision, rmse) = (score.recall, score.precision, score.lateralRMSE)
    overSigma = score.xErrorRatio?.spread
    guard let x = found[.x], let y = found[.y] else { return }
    let pairs = try Matching(of: found, with: truth, settings: settings).pairs
    let ratios = pairs.prefix(Self.boundPairs).flatMap { pair -> [Double] in
      let target = result.targets[pair.molecule]
      guard let bound = Self.bound(of: target, examples) else { return [] }
      return [
        (x[pair.localization] - target.x) / bound.x, (y[pair.localization] - target.y) / bound.y,
      ]
    }
    overBound = ErrorRatio(ratios)?.rms
  }

  /// √CRLB of x and y of a target that is alone, px.
  private static func bound(
    of target: Validation.Target, _ examples: ExampleSettings
  ) -> (x: Double, y: Double)? {
    let box = 2 * Int((4 * max(target.widths.x, target.widths.y)).rounded(.up)) + 1
    let x = target.x - target.x.rounded() + Double(box / 2)
    let y = target.y - target.y.rounded() + Double(box / 2)
    let noise = PixelNoise(readVariance: [target.readVariance])
    let bound: CramerRaoBound? =
      if case .spline(let psf)? = examples.psf.calibrated {
        CramerRaoBound(
          psf: psf, x: x, y: y, z: target.z / psf.axial.indexFactor, photons: target.photons,
          background: target.background, box: box, noise: noise)
      } else {
        CramerRaoBound(
          psf: GaussianPSF(sigmaX: target.widths.x, sigmaY: target.widths.y), x: x, y: y,
          photons: target.photons, background: target.background, box: box, noise: noise)
      }
    guard let x = bound?[.x], let y = bound?[.y], x > 0, y > 0 else { return nil }
    return (x, y)
  }

  /// A line for the user.
  var words: String {
    func text(_ name: String, _ value: Double?, _ format: String, _ unit: String = "") -> String {
      value.map { ", \(name) \(String(format: format, $0))\(unit)" } ?? ""
    }
    return "step \(step): loss \(String(format: "%.4g", loss))"
      + text("J250", jaccard, "%.3f") + text("J100", closeJaccard, "%.3f")
      + text("RMSE", rmse, "%.1f", " nm") + text("error/bound", overBound, "%.2f")
      + text("error/σ", overSigma, "%.2f") + text("accuracy", accuracy, "%.3f")
  }
}
