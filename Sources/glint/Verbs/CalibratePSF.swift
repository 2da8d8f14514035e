import ArgumentParser

struct CalibratePSF: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psf", abstract: "Measure a 3D PSF from z-stacks of beads.")

  func run() throws {}
}
