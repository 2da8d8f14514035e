import Networks
import Reporting
import Testing

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
    "density", "photons", "logarithm", "wholeFrames", "sigma", "wide", "room",
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
    default: settings.examples.density = DrawnRange(1000)
    }
    #expect(throws: SettingsError.self) { try settings.check() }
  }
}
