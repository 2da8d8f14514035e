import ArgumentParser
import Formats
import Optics

/// How light leaves the objective.
struct PupilOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Numerical aperture (1.4).", valueName: "NA"))
  var na: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the light, in vacuum (670).", valueName: "nm"))
  var wavelength: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Refractive index of sample and immersion (1.518).", valueName: "n"))
  var index: Double?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A Zernike term, such as 2,2=0.1; again for more.", valueName: "n,m=waves"))
  var zernike: [ZernikeArgument] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Radians on a square around the pupil (.npy, .tif, .mat).", valueName: "file"))
  var phaseMask: String?

  /// An option that was given.
  var given: String? {
    if na != nil { return "--na" }
    if wavelength != nil { return "--wavelength" }
    if index != nil { return "--index" }
    return phaseMask != nil ? "--phase-mask" : zernike.isEmpty ? nil : "--zernike"
  }

  func psf(pixelSize: Double, helix: Bool) throws -> PupilPSF {
    var psf = PupilPSF(pixelSize: pixelSize, zernike: zernike.map(\.term))
    if let na { psf.numericalAperture = na }
    if let wavelength { psf.wavelength = wavelength }
    if let index { psf.refractiveIndex = index }
    if helix { psf.mask = .doubleHelix(rings: 3) }
    if let phaseMask {
      guard !helix else { throw ValidationError("--phase-mask contradicts --psf double-helix") }
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

/// Heights, `A:B` in nm.
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
