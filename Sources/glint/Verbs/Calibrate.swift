import ArgumentParser

/// Calibrations of the instrument. Each subcommand has its own file.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Calibrate a PSF from beads, or a camera from dark and bright frames.",
    discussion: """
      EXAMPLE:
        glint calibrate psf beads.tif -o psf.hdf5 --z-step 10 --pixel-size 100
        glint calibrate camera dark.tif --bright level1.tif level2.tif -o camera.hdf5
      """,
    subcommands: [CalibratePSF.self, CalibrateCamera.self])
}
