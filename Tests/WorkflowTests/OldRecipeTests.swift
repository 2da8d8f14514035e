import Compute
import Foundation
import Localization
import Microscopy
import Reporting
import Testing
import Workflow

/// Recipes of format 1, as Glint 1 wrote them into its outputs: with every field, used or not.
@Suite struct OldRecipeTests {
  private func recipe(
    detector: String = "wavelet", threshold: String = "1.2", background: String = "none",
    psf: String = "''", axial: String = "fitted", estimator: String = "mle", sigma: String = "free",
    box: Int = 7, network: String = "''", weights: String = "''", networkThreshold: String = "0",
    format: String = "recipe: 1                     # format of this file\n"
  ) -> String {
    """
    \(format)pixel_size: 107.5             # camera pixel in the sample plane, nm
    camera:                       # scalars; a camera file's maps replace offset, gain and read noise
      offset: 100                 # ADU of a dark pixel
      gain: 2.17                  # ADU per photoelectron (1 / the e⁻/ADU of a data sheet)
      em_gain: 1                  # EM register; above 1 the excess noise factor 2 applies
      qe: 0.9                     # photoelectrons per photon
      read_noise: 1.6             # electrons rms
      saturation: null            # ADU of a full pixel; null for the largest that the file can hold
    camera_file: ''               # maps
    camera_roi: []                # [x, y, width, height] of the movie on the maps' sensor
    psf_file: \(psf)              # calibration that gives z
    refractive_index_factor: 0    # z of the table per z of the PSF; 0 for the PSF file's own
    detection:
      detector: \(detector)
      threshold: \(threshold)
      sigma: 1.1                  # detection: inner σ of the DoG, px
      radius: 3                   # spots are further apart than this, px
      background: \(background)
      median_window: 11
    fit:                          # how each spot is fitted
      estimator: \(estimator)
      sigma: \(sigma)
      model: integrated
      psf_sigma: 1.3
      axial: \(axial)
      box: \(box)
      max_iterations: 40
      tolerance: 0.2
    network:
      name: \(network)
      weights: \(weights)
      settings: ''
      threshold: \(networkThreshold)
      memory: 512
    first_frame: 2
    end_frame: -1
    roi: []                       # [x, y, width, height] px; [] for all
    """
  }

  @Test func everyDetector() throws {
    for (name, threshold, expected) in [
      ("wavelet", "1.5", Detector.wavelet(threshold: 1.5)),
      ("dog", "1.7", .dog(threshold: 1.7, sigma: 1.1, radius: 3)),
      ("gradient", "5e+3", .gradient(threshold: 5000)),
    ] {
      let old = try Recipe(yaml: recipe(detector: name, threshold: threshold))
      #expect(old.detection == DetectionSettings(expected))
      var gaussian = GaussianFit(.free)
      gaussian.sigma = 1.3
      #expect(old.fit.spot == .gaussian(gaussian))
      #expect(old.fit.box == 7 && old.fit.maxIterations == 40 && old.fit.tolerance == 0.2)
      #expect(
        old.camera == Camera(offset: 100, gain: 2.17, quantumEfficiency: 0.9, readNoise: 1.6))
      #expect(old.pixelSize == 107.5 && old.firstFrame == 2 && old.endFrame == nil)
      #expect(old.roi == nil && old.cameraFile == nil && old.cameraRegion == nil)
      #expect(old.network == nil)
      // The new form has only the fields that apply, and the same meaning.
      let new = old.yaml()
      #expect(new.hasPrefix("recipe: 2 "))
      #expect(new.contains("radius: 3") == (name == "dog"))
      #expect(!new.contains("median_window") && !new.contains("axial") && !new.contains("roi"))
      #expect(try Recipe(yaml: new) == old)
      #expect(try Recipe(yaml: recipe(detector: name, threshold: threshold, format: "")) == old)
    }
  }

  @Test func everyFit() throws {
    let median = try Recipe(yaml: recipe(background: "temporal_median"))
    #expect(median.detection.background == .temporalMedian(window: 11))
    let helix = try Recipe(
      yaml: recipe(detector: "psf", threshold: "5", psf: "helix.hdf5", box: 13))
    #expect(helix.detection.detector == .psf(threshold: 5, radius: 3))
    #expect(helix.fit.spot == .psf(PSFFile("helix.hdf5")) && helix.fit.box == 13)
    var gaussian = GaussianFit(.elliptical)
    gaussian.sigma = 1.3
    gaussian.estimator = .leastSquares
    let widths = try Recipe(
      yaml: recipe(psf: "lens.yaml", axial: "widths", estimator: "lsq", sigma: "elliptical"))
    #expect(widths.fit.spot == .widths(gaussian, PSFFile("lens.yaml")))
    let error = #expect(throws: RecipeError.self) {
      try Recipe(yaml: recipe(psf: "lens.yaml", estimator: "lsq"))
    }
    #expect(error?.description.contains("maximum likelihood") == true)
  }

  @Test func aNetwork() throws {
    let old = try Recipe(
      yaml: recipe(network: "decode", weights: "model.pt", networkThreshold: "0.8"))
    var expected = NetworkSettings(weights: "model.pt", name: "decode")
    expected.threshold = 0.8
    expected.memory = 512
    #expect(old.network == expected)
    #expect(try Recipe(yaml: recipe(weights: "model.pt")).network?.threshold == nil)
    #expect(!old.yaml().contains("detector"))
  }
}
