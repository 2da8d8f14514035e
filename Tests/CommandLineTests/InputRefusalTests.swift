import Foundation
import Microscopy
import TestSupport
import Testing

@testable import Formats

/// Inputs that are no files, damaged files and absurd numbers, as the program answers them.
@Suite struct InputRefusalTests {
  private func refusal(
    _ program: Program, _ words: String, location: SourceLocation = #_sourceLocation
  ) {
    #expect(program.status == 2, "\(program.errors)", sourceLocation: location)
    #expect(program.errors.contains(words), "\(program.errors)", sourceLocation: location)
  }

  /// Every verb and option that reads a file answers at once.
  @Test func pipes() throws {
    try inShell { shell in
      try shell.makeMovie()
      try shell.sh("mkfifo pipe && ln -s pipe link")
      for line in [
        "localize pipe -o a.csv", "localize link -o a.csv", "localize /dev/zero -o a.csv",
        "localize movie.tif -o a.csv --recipe pipe", "localize movie.tif -o a.csv --camera pipe",
        "localize movie.tif -o a.csv --psf link", "localize movie.tif -o a.csv --weights pipe",
        "infer movie.tif -o a.tif --network decode --network-settings pipe --weights none",
        "convert pipe -o a.csv", "render pipe -o a.png", "evaluate pipe pipe", "info pipe",
        "info link", "simulate -o s --settings pipe", "simulate -o s --psf pipe",
        "simulate -o s --camera pipe", "simulate -o s --psf pupil --phase-mask pipe",
        "networks --weights pipe", "calibrate camera pipe -o a.hdf5",
        "calibrate psf pipe -o a.yaml --z-step 10", "profile pipe",
      ] {
        let program = try shell.sh("timeout 30 \"$GLINT\" \(line)")
        refusal(program, " and not a file")
      }
      let program = try Program.run(
        URL(fileURLWithPath: "/bin/bash"),
        ["-c", "timeout 30 '\(Program.built("glint").path)' info <(echo x)"])
      refusal(program, "write its bytes into a file first")
    }
  }

  /// `info` gives the error of the reader that knows the file.
  @Test func infoTellsWhyAFileIsDamaged() throws {
    try inShell { shell in
      try shell.makeMovie()
      let table = shell.path("t.hdf5")
      try shell.sh("\"$GLINT\" localize movie.tif -o t.hdf5 -q --device cpu")
      func damage(_ name: String, _ body: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: table)))
        body(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: shell.path(name)))
      }
      try damage("cut.hdf5") { $0.removeLast($0.count / 2) }
      try damage("bent.hdf5") { for place in 0x60..<0xB0 { $0[place] = 0xFF } }
      try "X Coefficients: [1, 2]\nY Coefficients: [1, 2]\n".write(
        toFile: shell.path("psf.yaml"), atomically: true, encoding: .utf8)
      try "X Coefficients: [1,\n".write(
        toFile: shell.path("torn.yaml"), atomically: true, encoding: .utf8)
      try "offset: 100\ngain: -3\n".write(
        toFile: shell.path("camera.yaml"), atomically: true, encoding: .utf8)
      try "{\"offset\": 100, \"gaim\": 3}\n".write(
        toFile: shell.path("camera.json"), atomically: true, encoding: .utf8)
      try "recipe: 2\nfit:\n  boxx: 7\n".write(
        toFile: shell.path("recipe.yaml"), atomically: true, encoding: .utf8)
      try "Just words.\n".write(
        toFile: shell.path("words.txt"), atomically: true, encoding: .utf8)
      for (name, words) in [
        ("cut.hdf5", "is damaged: it "), ("bent.hdf5", "is damaged: it "),
        ("psf.yaml", "X Coefficients are not seven numbers"),
        ("torn.yaml", "it is not YAML"), ("camera.yaml", "gain -3 ADU/e⁻ must be in"),
        ("camera.json", "unknown key gaim"), ("recipe.yaml", "`fit.boxx` does not exist"),
        ("words.txt", "unknown kind of file"),
      ] {
        refusal(try shell.glint("info", name), words)
      }
    }
  }

  @Test func absurdNumbers() throws {
    try inShell { shell in
      try shell.makeMovie()
      try "frame,x [nm],y [nm]\n1,100,200\n1,230000,230000\n".write(
        toFile: shell.path("t.csv"), atomically: true, encoding: .utf8)
      for (line, words) in [
        ("convert t.csv -o a.csv --pixel-size -100", "pixel size -100 nm must be in 10...1000"),
        ("convert t.csv -o a.csv --pixel-size 1e-308", "must be in 10...1000"),
        ("convert t.csv -o a.csv --photons-per-count 1e-308", "must be in 1e-06...1000000"),
        ("render t.csv -o a.png --pixel-size 100 --pixel 1e-308", "must be in 0.01...1000000"),
        ("render t.csv -o a.png --pixel-size 100", "too large"),
        ("networks --network decode --memory -1", "memory of -1 MiB must be in"),
        ("networks --network decode --memory 9223372036854775807", "must be in"),
        ("localize movie.tif -o a.csv --device cpu --gain 1e-308", "must be in 1e-06...1000000"),
        ("localize movie.tif -o a.csv --device cpu --gain 1e308", "must be in 1e-06...1000000"),
        ("localize movie.tif -o a.csv --device cpu --offset 1e23", "must be in -10000000000"),
        ("localize movie.tif -o a.csv --device cpu --read-noise 1e300", "must be in 0...1000000"),
        ("localize movie.tif -o a.csv --device cpu --threshold 1e308", "must be in 0..."),
      ] {
        refusal(try shell.glint(line.split(separator: " ").map(String.init)), words)
      }
      // More frames than the movie has are all of them.
      let all = try shell.sh(
        "\"$GLINT\" localize movie.tif -o b.csv --device cpu -q --batch 1000000000")
      #expect(all.status == 0, "\(all.errors)")
    }
  }

  /// A calibration whose coefficients are no shares of light ended the simulation with a trap.
  @Test func absurdCalibrations() throws {
    try inShell { shell in
      func spline(_ number: Float) -> SplinePSF {
        SplinePSF(
          columns: 4, rows: 4, planes: 2,
          coefficients: (0..<32 * 64).map { $0 % 64 == 0 ? ($0 == 640 ? number : 0.01) : 0 },
          zStep: 100, firstZ: -100, centreX: 2, centreY: 2)
      }
      try CalibrationFiles.write(.spline(spline(0.02)), to: shell.path("p.hdf5"))
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: shell.path("p.hdf5"))))
      // The file may hold a multiple by a power of two.
      let marks = (-12...12).map { power in
        withUnsafeBytes(
          of: (Float(0.02) * Float(sign: .plus, exponent: power, significand: 1)).bitPattern
            .littleEndian
        ) {
          Array($0)
        }
      }
      let place = try #require(
        bytes.indices.dropLast(4).first { marks.contains(Array(bytes[$0..<$0 + 4])) })
      bytes.replaceSubrange(
        place..<place + 4,
        with: withUnsafeBytes(of: Float(1e23).bitPattern.littleEndian, Array.init))
      try Data(bytes).write(to: URL(fileURLWithPath: shell.path("q.hdf5")))
      let program = try shell.sh("\"$GLINT\" simulate -o s --psf q.hdf5 --frames 2 --size 32,32")
      refusal(program, "not within ±1000000")
      #expect(spline(1e23).problem?.contains("is 1e+23, not within") == true)
      var far = spline(0.02)
      far.firstZ = 1e300
      #expect(far.problem != nil)
      far = spline(0.02)
      far.pixelSize = 1e300
      #expect(far.problem?.contains("pixel size 1e+300 nm is not in") == true)
      far.pixelSize = 100
      far.axial.indexFactor = 1e300
      #expect(far.problem?.contains("factor 1e+300 is not in") == true)
      let wide = AstigmaticPSF(
        x: .defocus(width: 1.2, focus: 1e300, depth: 1e300, terms: []),
        y: .polynomial([1.2]), zRange: -400...400)
      #expect(wide.problem?.contains("1e+300") == true)
    }
  }
}
