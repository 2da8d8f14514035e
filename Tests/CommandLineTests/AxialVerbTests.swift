import Formats
import Foundation
import Microscopy
import Optics
import TestSupport
import Testing

/// `glint localize --psf` on the command line.
@Suite struct AxialVerbTests {
  private static let lens = AstigmaticPSF(
    x: .polynomial([1.3, 4e-4, 1e-6]), y: .polynomial([1.3, -4e-4, 1e-6]), zRange: -400...400,
    pixelSize: 100, axial: AxialConvention(origin: "the crossing of the widths", indexFactor: 0.75))

  @Test func aPSFGivesZAndSaysWhatItMeans() throws {
    try inShell { shell in
      try shell.makeMovie()
      try CalibrationFiles.write(.astigmatic(Self.lens), to: shell.path("lens.yaml"))
      let spline = try SplinePSF(sampling: Self.lens, side: 17, zStep: 50, pixelSize: 100)
      try CalibrationFiles.write(.spline(spline), to: shell.path("spline.hdf5"))
      for psf in ["lens.yaml", "spline.hdf5"] {
        let run = try shell.sh(
          "\"$GLINT\" localize movie.tif -o out.csv --force --device cpu --offset 100 --gain 2 "
            + "--read-noise 1.5 --box 11 --psf \(psf)")
        #expect(run.status == 0, "\(run.errors)")
        let table = try String(contentsOfFile: shell.path("out.csv"), encoding: .utf8)
        #expect(table.contains("\"z [nm]\"") && table.contains("\"uncertainty_z [nm]\""))
        let protocolText = try String(
          contentsOfFile: shell.path("out-protocol.txt"), encoding: .utf8)
        #expect(protocolText.contains("for refractive indices"), "\(psf)")
        #expect(protocolText.contains(psf))
      }
      let widths = try shell.sh(
        "\"$GLINT\" localize movie.tif -o widths.csv --device cpu --offset 100 --gain 2 "
          + "--box 11 --psf lens.yaml --axial widths --refractive-index-factor 0.5")
      #expect(widths.status == 0, "\(widths.errors)")
      let header = try String(contentsOfFile: shell.path("widths.csv"), encoding: .utf8)
      #expect(header.prefix(600).contains("d_zcalib"))
      let told = try String(contentsOfFile: shell.path("widths-protocol.txt"), encoding: .utf8)
      #expect(told.contains("times 0.5 for refractive indices; widths"))
    }
  }

  @Test func theRecipeNamesThePSF() throws {
    try inShell { shell in
      try CalibrationFiles.write(.astigmatic(Self.lens), to: shell.path("lens.yaml"))
      let run = try shell.sh(
        "\"$GLINT\" localize --psf lens.yaml --refractive-index-factor 0.8 --print-recipe")
      #expect(run.output.contains("psf_file: lens.yaml"))
      #expect(run.output.contains("refractive_index_factor: 0.8"))
      #expect(run.output.contains("axial: fitted"))
      #expect(run.output.contains("box: 13"))
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    try inShell { shell in
      try shell.makeMovie()
      try CalibrationFiles.write(.astigmatic(Self.lens), to: shell.path("lens.yaml"))
      let narrow = try SplinePSF(sampling: Self.lens, side: 11, zStep: 50, pixelSize: 100)
      try CalibrationFiles.write(.spline(narrow), to: shell.path("narrow.hdf5"))
      let before = try shell.files
      for (line, words) in [
        ("--psf none.yaml", "none.yaml"), ("--psf movie.tif", "movie.tif"),
        ("--psf lens.yaml --fit lsq", "maximum likelihood"),
        ("--psf lens.yaml --model sampled", "sampled"),
        ("--psf lens.yaml --axial widths --sigma free", "--sigma elliptical"),
        ("--psf narrow.hdf5 --box 11", "too large"), ("--psf narrow.hdf5 --axial widths", "spline"),
        ("--psf lens.yaml --refractive-index-factor -1", "refractive-index factor -1"),
        ("--psf lens.yaml --refractive-index-factor nan", "refractive-index factor nan"),
        ("--psf lens.yaml --axial guess", "--axial"),
      ] {
        let run = try shell.sh(
          "\"$GLINT\" localize movie.tif -o out.csv --device cpu \(line)")
        #expect(run.status == 2 && run.output.isEmpty, "\(line): \(run.errors)")
        #expect(run.complaint.hasPrefix("error: ") && run.errors.contains(words), "\(run.errors)")
        let hasNextStep = !line.contains("none.yaml")
        #expect(run.errors.contains("\nhint: ") == hasNextStep, "\(line): \(run.errors)")
        #expect(try shell.files == before, "\(line) left something")
      }
    }
  }
}
