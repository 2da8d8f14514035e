import ArgumentParser
import Formats
import Optics
import Reporting

/// Options for the pupil of the objective.
struct PupilOptions: ParsableArguments {
  @Option(PupilPSF.numericalAperture, "NA") var na: Double?
  @Option(PupilPSF.wavelength) var wavelength: Double?
  @Option(PupilPSF.refractiveIndex, "n") var index: Double?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Zernike term, such as 2,2=0.1; repeat for more terms.", valueName: "n,m=waves"))
  var zernike: [ZernikeArgument] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Phase mask in radians on a square around the pupil (.npy, .tif, .mat).", valueName: "file"))
  var phaseMask: String?

  private var said: Statement {
    var said = Statement(.option)
    said.say(PupilPSF.numericalAperture, na)
    said.say(PupilPSF.wavelength, wavelength)
    said.say(PupilPSF.refractiveIndex, index)
    return said
  }

  /// The first of these options that was given; nil if none was.
  var given: String? {
    if let name = said.unused([]).first { return "--\(name.name)" }
    return phaseMask != nil ? "--phase-mask" : zernike.isEmpty ? nil : "--zernike"
  }

  func psf(pixelSize: Double, helix: Bool) throws -> PupilPSF {
    var psf = PupilPSF(pixelSize: pixelSize, zernike: zernike.map(\.term))
    var form = SettingsForm([said])
    try psf.exchange(&form)
    if helix { psf.mask = .doubleHelix(rings: 3) }
    if let phaseMask {
      guard !helix else {
        throw ValidationError("--phase-mask cannot be combined with --psf double-helix")
      }
      let (side, radians) = try PhaseMaskFile.read(phaseMask)
      psf.mask = .map(side: side, radians: radians)
    }
    return psf
  }
}

/// A Zernike term, `n,m=waves`.
struct ZernikeArgument: ExpressibleByArgument {
  let term: ZernikeTerm

  init?(argument: String) {
    let sides = argument.split(separator: "=")
    guard sides.count == 2, let waves = Double(sides[1]) else { return nil }
    let numbers = sides[0].split(separator: ",").map { Int($0) }
    guard numbers.count == 2, let n = numbers[0], let m = numbers[1] else { return nil }
    term = ZernikeTerm(n: n, m: m, waves: waves)
  }
}

/// A range of z, `A:B` in nm.
struct DepthRange: ExpressibleByArgument {
  let nanometres: ClosedRange<Double>

  init?(argument: String) {
    let ends = argument.split(separator: ":").map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low.isFinite, high.isFinite,
      low <= high
    else { return nil }
    nanometres = low...high
  }
}
