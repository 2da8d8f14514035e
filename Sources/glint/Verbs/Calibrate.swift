import ArgumentParser

/// What an instrument does to light, measured: each part of it is a subcommand in a file of its own.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a PSF from beads, a camera from dark and bright frames.",
    discussion: """
      EXAMPLE:
        glint calibrate psf beads.tif -o psf.hdf5 --z-step 10 --pixel-size 100
        glint calibrate camera dark.tif --bright level1.tif level2.tif -o camera.hdf5
      """,
    subcommands: [CalibratePSF.self, CalibrateCamera.self])
}
