import Microscopy
import Optics
import Reporting
import Testing

@testable import Networks

/// What validations mean for a training, and which recipes are refused.
@Suite struct TrainingProgressTests {
  /// The verdicts on a series of losses, ten steps apart.
  private func verdicts(
    _ losses: [Double], _ change: (inout TrainingSettings) -> Void = { _ in }
  ) -> ([TrainingProgress.Verdict], TrainingProgress) {
    var settings = TrainingSettings()
    change(&settings)
    var progress = TrainingProgress(steps: 1000)
    var verdicts: [TrainingProgress.Verdict] = []
    for loss in losses {
      progress.step += 10
      verdicts.append(progress.judge(loss, settings))
    }
    return (verdicts, progress)
  }

  @Test func theBestLossIsKept() {
    let (verdicts, progress) = verdicts([10, 8, 9, 7.5])
    #expect(verdicts == [.better, .better, .worse, .better])
    #expect(progress.bestLoss == 7.5 && progress.bestStep == 40 && progress.sinceBest == 0)
  }

  @Test func aLossFarAboveTheFirstIsDivergence() {
    #expect(verdicts([10, 2, 14]).0.last == .worse)
    #expect(verdicts([10, 2, 16]).0.last == .diverged)
    #expect(verdicts([-10, -12, -6]).0.last == .worse)
    #expect(verdicts([-10, -12, -4]).0.last == .diverged)
    #expect(verdicts([10, 2, .nan]).0.last == .diverged)
    #expect(verdicts([.infinity]).0 == [.diverged])
  }

  @Test func aPlateauLowersTheRate() {
    let (verdicts, progress) = verdicts([10, 11, 11, 11, 11, 11]) {
      $0.schedule = .plateau(factor: 0.5, patience: 2, least: 0.2)
    }
    #expect(verdicts == [.better, .worse, .plateau, .worse, .plateau, .worse])
    #expect(progress.rateFactor == 0.25)
  }

  @Test func patienceEndsATraining() {
    let (verdicts, progress) = verdicts([10, 11, 11, 9, 11, 11, 11]) { $0.patience = 3 }
    #expect(verdicts.last == .stopped && progress.isStopped && progress.sinceBest == 3)
  }

  @Test(arguments: [
    "steps", "rate", "clip", "patience", "every", "schedule", "height", "length", "pixelSize",
    "density", "photons", "logarithm", "wholeFrames", "sigma", "wide", "room", "unread PSF",
    "wide spline", "empty heights", "PSF of other pixels", "unread maps", "small maps",
    "multiplied maps", "share", "hot variance",
  ])
  func impossibleValuesAreRefused(_ what: String) throws {
    var settings = TrainingSettings()
    try settings.check()
    switch what {
    case "steps": settings.steps = 0
    case "rate": settings.rate = .nan
    case "clip": settings.clip = -1
    case "patience": settings.patience = 0
    case "every": settings.validation.every = 0
    case "schedule": settings.schedule = .cosine(least: 2, warmUp: 0)
    case "height": settings.examples.height = 4
    case "length": settings.examples.length = 0
    case "pixelSize": settings.examples.pixelSize = 0
    case "density": settings.examples.density = DrawnRange(3, 1)
    case "photons": settings.examples.photons = DrawnRange(-5, 10)
    case "logarithm": settings.examples.background = DrawnRange(0, 10, logarithmic: true)
    case "wholeFrames": settings.examples.wholeFrames = 1.5
    case "sigma": settings.examples.psf = .gaussian(sigma: DrawnRange(0))
    case "wide": settings.examples.psf = .gaussian(sigma: DrawnRange(1, 12))
    case "unread PSF": settings.examples.psf = .file(ExampleFile("psf.hdf5"))
    case "wide spline": settings.examples.psf = try spline(GaussianPSF(sigma: 8))
    case "empty heights":
      settings.examples.psf = try spline(GaussianPSF(sigma: 1.2)) { $0.zRange = 100...100 }
    case "PSF of other pixels":
      settings.examples.psf = try spline(GaussianPSF(sigma: 1.2)) { $0.pixelSize = 120 }
    case "unread maps": settings.examples.camera = ExampleFile("maps.npy")
    case "small maps": settings.examples.use(maps(39), path: "maps.npy", checksum: 1)
    case "multiplied maps":
      settings.examples.use(maps(40), path: "maps.npy", checksum: 1)
      try settings.check()
      settings.examples.multiplied = 0.5
    case "share":
      settings.examples.hotPixels = .init(share: 1.1, variance: DrawnRange(1, 2))
    case "hot variance":
      settings.examples.hotPixels = .init(share: 0.1, variance: DrawnRange(0, 2))
    default: settings.examples.density = DrawnRange(1000)
    }
    #expect(throws: SettingsError.self) { try settings.check() }
  }

  private func maps(_ side: Int) -> CameraMaps {
    func map(_ value: Float) -> [Float] { Array(repeating: value, count: side * side) }
    return CameraMaps(
      width: side, height: side, offset: map(100), variance: map(4), gain: map(1))
  }

  /// Valid for examples, before the change, if it is not too wide.
  private func spline(
    _ psf: GaussianPSF, _ change: (inout SplinePSF) -> Void = { _ in }
  ) throws -> ExampleSettings.PSF {
    var spline = try SplinePSF(sampling: psf, side: 41, zStep: 50, zRange: -200...200)
    var settings = TrainingSettings()
    settings.examples.psf = .file(ExampleFile("psf.hdf5", content: spline))
    if psf.sigmaX < 2 { try settings.check() }
    change(&spline)
    return .file(ExampleFile("psf.hdf5", content: spline))
  }
}
