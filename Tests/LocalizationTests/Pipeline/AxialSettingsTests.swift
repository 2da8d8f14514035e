import Compute
import Microscopy
import Optics
import Reporting
import Testing

@testable import Localization

/// Which settings a PSF that depends on z requires, and which combinations are rejected.
@Suite struct AxialSettingsTests {
  private func error(
    _ psf: CalibratedPSF, _ change: (inout LocalizationSettings) -> Void = { _ in }
  ) -> String? {
    var settings = LocalizationSettings()
    settings.fit.box = 13
    settings.fit.spot = .psf(PSFFile("psf.yaml"))
    change(&settings)
    do {
      _ = try FitStage(
        settings, camera: Camera(), maps: nil, psf: psf, width: 64, height: 64, pixel: .uint16)
      return nil
    } catch { return error.description }
  }

  private func spline(_ side: Int) throws -> CalibratedPSF {
    .spline(try SplinePSF(sampling: AstigmaticPSF.typical, side: side, zStep: 50))
  }

  @Test func whatFitsIsTaken() throws {
    #expect(error(.astigmatic(.typical)) == nil)
    #expect(try error(spline(21)) == nil)
    #expect(
      error(.astigmatic(.typical)) { $0.fit.spot = Self.widths(.elliptical) } == nil)
  }

  @Test func aGridAsNarrowAsTheBoxIsRefused() throws {
    let text = try #require(try error(spline(13)))
    #expect(text.contains("a box of 13 px is too large for the PSF's grid of 12×12 px"))
    #expect(text.contains("hint: use box 11 or less"))
    #expect(try error(spline(13)) { $0.fit.box = 11 } == nil)
    #expect(try FitSettings.usualBox(spline(13)) == 11)
    #expect(try FitSettings.usualBox(spline(31)) == 13)
    #expect(FitSettings.usualBox(.astigmatic(.typical)) == 13)
  }

  @Test func aPSFWiderThanTheBoxLimitsZ() throws {
    for psf in [.astigmatic(.typical), try spline(21)] {
      var settings = LocalizationSettings()
      settings.fit.spot = .psf(PSFFile("psf.yaml"))
      func stage(_ box: Int) throws -> FitStage {
        settings.fit.box = box
        return try FitStage(
          settings, camera: Camera(), maps: nil, psf: psf, width: 64, height: 64, pixel: .uint16)
      }
      let whole = try stage(13)
      #expect(whole.notes.isEmpty && whole.psf == psf)
      let limited = try stage(3)
      let range = try #require(limited.psf?.zRange)
      // Half of the light is in a box of 3 px.
      let part = AstigmaticPSF.typical.shares(
        columns: -1..<2, rows: -1..<2, x: 0, y: 0, z: range.upperBound
      ).reduce(0) { $0 + $1.value }
      #expect(0.5...0.53 ~= part && range.upperBound < 400, "\(range)")
      let note = try #require(limited.notes.first).description
      #expect(note.contains("z is limited to -"), "\(note)")
      #expect(note.contains("the PSF is wider than the box: 3×3 px hold"), "\(note)")
    }
  }

  @Test func aBoxThatNeverHoldsHalfTheLightIsRefused() throws {
    var wide = AstigmaticPSF.typical
    wide.x = .defocus(width: 4, focus: 220, depth: 420, terms: [])
    wide.y = .defocus(width: 4, focus: -220, depth: 420, terms: [])
    let text = try #require(error(.astigmatic(wide)) { $0.fit.box = 3 })
    #expect(text.contains("the PSF is wider than the box: 3×3 px hold"))
    #expect(text.contains("hint: use a larger box"))
  }

  @Test func calibrationsThatCannotBeAreRefused() throws {
    var lens = AstigmaticPSF.typical
    lens.y = .polynomial([1.2, .nan])
    #expect(error(.astigmatic(lens))?.contains("width curve of y contains a value") == true)
    guard case .spline(var psf) = try spline(21) else {
      Issue.record("the PSF is no spline")
      return
    }
    psf.coefficients[1000] = .nan
    #expect(error(.spline(psf))?.contains("is not a finite number") == true)
    psf.coefficients[1000] = 0
    psf.zStep = .nan
    #expect(error(.spline(psf))?.contains("z step") == true)
  }

  @Test func otherEstimatorsAreRefused() throws {
    func refusal(_ say: (inout Statement) -> Void) -> String? {
      var said = Statement(.option)
      said.say(FitSettings.psfFile, "psf.yaml")
      say(&said)
      var form = SettingsForm([said])
      var settings = LocalizationSettings()
      do {
        try settings.exchange(&form)
        return nil
      } catch { return error.description }
    }
    #expect(refusal { _ in } == nil)
    #expect(
      refusal { $0.say(GaussianFit.estimator, .leastSquares) }?
        .contains("maximum likelihood of integrated pixels, not lsq") == true)
    #expect(refusal { $0.say(GaussianFit.pixels, .sampled) }?.contains("sampled") == true)
    let psf = CalibratedPSF.astigmatic(.typical)
    #expect(
      error(psf) { $0.fit.spot = Self.widths(.free) }?.contains("use sigma elliptical") == true)
    #expect(
      try error(spline(21)) { $0.fit.spot = Self.widths(.elliptical) }?.contains("not a spline")
        == true)
  }

  private static func widths(_ widths: SpotModel.Sigmas) -> FitSettings.Spot {
    .widths(GaussianFit(widths), PSFFile("psf.yaml"))
  }
}
