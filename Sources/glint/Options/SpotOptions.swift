import ArgumentParser
import Compute
import Localization
import Reporting

/// Options for detecting and fitting spots.
struct SpotOptions: ParsableArguments {
  @Option(DetectionSettings.detectorKind) var detector: Detector.Kind?
  @Option(anyOf: [
    Detector.waveletThreshold.facts, Detector.dogThreshold.facts, Detector.gradientThreshold.facts,
    Detector.psfThreshold.facts, NetworkSettings.threshold.facts,
  ])
  var threshold: Double?
  @Option(FitSettings.emitters) var emitters: Emitters?
  @Option(EmitterSettings.brightness, "learned|free|N,s") var brightness: Brightness?
  @Option(DetectionSettings.falsePositives) var falsePositives: Double?
  @Option(FitSettings.box) var box: Int?
  @Option(GaussianFit.estimator) var fit: SpotModel.Estimator?
  @Option(GaussianFit.widths) var sigma: SpotModel.Sigmas?
  @Option(GaussianFit.sigma) var psfSigma: Double?
  @Option(GaussianFit.pixels) var model: SpotModel.Pixels?
  @Option(FitSettings.psfFile, "file") var psf: String?
  @Option(FitSettings.axial) var axial: FitSettings.Axial?
  @Option(
    FitSettings.indexFactor, "factor", note: "0 uses the file's value and overrides the recipe.")
  var refractiveIndexFactor: Double?

  func say(in said: inout Statement) {
    said.say(DetectionSettings.detectorKind, detector)
    // The threshold applies to the detector or the network, whichever is used.
    said.say(Detector.waveletThreshold, threshold)
    said.say(NetworkSettings.threshold, threshold)
    said.say(FitSettings.emitters, emitters)
    said.say(EmitterSettings.brightness, brightness)
    said.say(DetectionSettings.falsePositives, falsePositives)
    // A threshold replaces the false positives of a recipe.
    if threshold != nil, falsePositives == nil {
      said[DetectionSettings.falsePositives.facts.path] = .null
    }
    said.say(FitSettings.box, box)
    said.say(GaussianFit.estimator, fit)
    said.say(GaussianFit.widths, sigma ?? (axial == .widths ? .elliptical : nil))
    said.say(GaussianFit.sigma, psfSigma)
    said.say(Detector.dogSigma, psfSigma)
    said.say(GaussianFit.pixels, model)
    said.say(FitSettings.psfFile, psf)
    said.say(FitSettings.axial, axial)
    said.say(FitSettings.indexFactor, refractiveIndexFactor)
    if refractiveIndexFactor == 0 { said[FitSettings.indexFactor.facts.path] = .null }
  }
}
