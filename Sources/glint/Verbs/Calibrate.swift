import ArgumentParser

/// What an instrument does to light, measured: each part of it is a subcommand in a file of its own.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a PSF from a z-stack of beads.",
    discussion: """
      EXAMPLE:
        glint calibrate psf beads.tif -o psf.hdf5 --z-step 10 --pixel-size 100
      """,
    subcommands: [CalibratePSF.self])
}
