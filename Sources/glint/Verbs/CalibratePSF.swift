import ArgumentParser
import Microscopy
import Optics
import Workflow

struct CalibratePSF: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psf", abstract: "Measure a 3D PSF from z-stacks of beads.",
    discussion: """
      Finds beads, says which it does not use and why, aligns them in x, y and z and makes a spline PSF \
      of any shape (.hdf5, as Picasso; .h5, as SMAPpy) or an astigmatic Gaussian (.yaml, as Picasso).

      z is a molecule's height above the focal plane. With --scan objective (the focal plane moves up \
      from plane to plane) it falls along the stack, with --scan sample it grows; a negative --z-step \
      turns either round.

      EXAMPLE:
        glint calibrate psf beads1.tif beads2.tif -o psf.hdf5 --z-step 10 --pixel-size 100 \
      --report psf.png --json psf.json
      """)

  @Argument(help: "z-stacks of beads, one for each field of view.") var beads: [String]
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Calibration to write: .hdf5 or .h5 for a spline, .yaml for an astigmatic Gaussian.",
      valueName: "file"))
  var output: String
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Distance of two planes.", valueName: "nm"))
  var zStep: Double?
  @Option(help: "What moves from plane to plane.") var scan = CalibratePSFJob.Scan.objective
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Camera pixel in the sample plane.", valueName: "nm"))
  var pixelSize: Double?
  @Option(help: "Kind of PSF; by default what the output's extension can hold.")
  var model: CalibratePSFJob.Model?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Side of the box around a bead, odd; 2.7 µm by default. Fits can use boxes 4 px smaller.",
      valueName: "px"))
  var roi: Int?
  @Option(help: "Where z is 0: in focus (widths equal, or sharpest), or in the middle plane.")
  var origin = PSFCalibrationSettings.Origin.focus
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Factor from the stage's z to the sample's (0.7 to 0.8 for oil into water).",
      valueName: "f"))
  var refractiveIndexFactor = 1.0
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Planes of one stack, where a movie holds several one after the other.", valueName: "n"))
  var planes: Int?
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @OptionGroup(title: "Movies without a header") var movie: MovieOptionsGroup
  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file")) var json: String?
  @Option(help: ArgumentHelp("Draw the report as PNG.", valueName: "file")) var report: String?
  @Flag(help: "Replace outputs that exist.") var force = false

  func validate() throws {
    guard !beads.isEmpty else { throw ValidationError("no z-stack of beads is named") }
  }

  func run() throws {
    let (camera, maps, _) = try self.camera.read()
    let job = try CalibratePSFJob(
      movies: beads.map { try movie.open($0) }, names: beads, output: output, json: json,
      picture: report, zStep: zStep, pixelSize: pixelSize, roi: roi, model: model, scan: scan,
      origin: origin, indexFactor: refractiveIndexFactor, planes: planes,
      camera: camera == Camera() && maps == nil ? nil : camera, maps: maps, overwrite: force,
      cancellation: Interrupt.cancellation)
    let result = try job.run()
    for line in result.lines { print(line) }
    for file in [output, report, json].compactMap({ $0 }) { print("wrote        \(file)") }
  }
}

extension CalibratePSFJob.Scan: ExpressibleByArgument {}
extension CalibratePSFJob.Model: ExpressibleByArgument {}
extension PSFCalibrationSettings.Origin: ExpressibleByArgument {}
