import ArgumentParser
import Microscopy
import Optics
import Workflow

struct CalibratePSF: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psf", abstract: "Calibrate a 3D PSF from z-stacks of beads.",
    discussion: """
      Finds beads, reports which are rejected and why, aligns them in x, y and z, and writes a \
      spline PSF of any shape (.hdf5, as Picasso; .h5, as SMAPpy) or an astigmatic Gaussian \
      (.yaml, as Picasso).

      z is the height of the molecule above the focal plane. With --scan objective (the focal \
      plane moves up from plane to plane) z decreases along the stack; with --scan sample it \
      increases. A negative --z-step reverses the direction. The first line of the output says \
      which way z grows.

      EXAMPLE:
        glint calibrate psf beads1.tif beads2.tif -o psf.hdf5 --z-step 10 --pixel-size 100 \
      --report psf.png --json psf.json
      """)

  @Argument(help: "Z-stacks of beads, one per field of view.") var beads: [String]
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Output calibration: .hdf5 or .h5 for a spline, .yaml for an astigmatic Gaussian.",
      valueName: "file"))
  var output: String
  @Option(ZStack.step) var zStep: Double?
  @Option(CalibratePSFJob.scan) var scan: CalibratePSFJob.Scan
  @Option(PSFCalibrationSettings.pixelSize) var pixelSize: Double?
  @Option(CalibratePSFJob.model) var model: CalibratePSFJob.Model?
  @Option(PSFCalibrationSettings.roi) var roi: Int?
  @Option(PSFCalibrationSettings.heightError) var zError: Double
  @Option(PSFCalibrationSettings.origin) var origin: PSFCalibrationSettings.Origin
  @Option(PSFCalibrationSettings.indexFactor, "f") var refractiveIndexFactor: Double
  @Option(CalibratePSFJob.planes, "n") var planes: Int?
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @OptionGroup(title: "Movie") var movie: MovieOptionsGroup
  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file")) var json: String?
  @Option(help: ArgumentHelp("Draw the report as PNG.", valueName: "file")) var report: String?
  @Flag(help: "List every bead that is not used, with its position and the reason.")
  var listRejected = false
  @Flag(help: "Replace existing outputs.") var force = false

  func validate() throws {
    guard !beads.isEmpty else { throw ValidationError("no z-stack of beads is given") }
  }

  func run() throws {
    let (camera, maps, _) = try self.camera.read()
    let job = try CalibratePSFJob(
      movies: beads.map { try movie.open($0, along: .slice) }, names: beads, output: output,
      json: json,
      picture: report, zStep: zStep, pixelSize: pixelSize, roi: roi, model: model, scan: scan,
      heightError: zError, origin: origin, indexFactor: refractiveIndexFactor, planes: planes,
      camera: camera == Camera() && maps == nil ? nil : camera, maps: maps, chosen: movie.planes,
      overwrite: force, observer: Terminal(quiet: false),
      cancellation: Interrupt.cancellation)
    for note in job.notes { say(note.spelled) }
    let result = try job.run()
    for line in result.lines(listsRejected: listRejected) { print(line.spelled) }
    for file in [output, report, json].compactMap({ $0 }) { print("wrote        \(file)") }
  }
}

extension CalibratePSFJob.Scan: ExpressibleByArgument {}
extension CalibratePSFJob.Model: ExpressibleByArgument {}
extension PSFCalibrationSettings.Origin: ExpressibleByArgument {}
