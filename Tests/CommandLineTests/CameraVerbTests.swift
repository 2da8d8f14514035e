import Formats
import Foundation
import Microscopy
import TestSupport
import Testing

/// A camera calibrated from simulated movies, validated with new ones, and used.
@Suite struct CameraVerbTests {
  /// dark, three levels and a fresh dark movie of one sensor, 40×32 px.
  private func record(_ shell: Shell, frames: Int = 150) throws {
    let common = "--frames \(frames) -q"
    try shell.sh(
      "\"$GLINT\" simulate -o dark --dark --scmos --size 40,32 --seed 1 \(common)"
    ).expectSuccess()
    let maps = "--camera dark/camera.hdf5"
    for (name, line) in [
      ("b1", "--bright 50 --seed 2"), ("b2", "--bright 150 --seed 3"),
      ("b3", "--bright 400 --seed 4"), ("fresh", "--dark --seed 5"),
    ] {
      try shell.sh("\"$GLINT\" simulate -o \(name) \(line) \(maps) \(common)").expectSuccess()
    }
  }

  @Test func aCameraIsMeasuredCheckedAndUsed() throws {
    try inShell { shell in
      try record(shell)
      let made = try shell.sh(
        "\"$GLINT\" calibrate camera dark/movie.tif --bright b1/movie.tif b2/movie.tif "
          + "b3/movie.tif -o maps.hdf5")
      made.expectSuccess()
      #expect(made.output.contains("40×32 px from 150 dark frames and 3 levels of light"))
      #expect(made.output.contains("MB/s; in maps.hdf5"))
      #expect(made.errors.contains("warning: 150 dark frames"))
      let maps = try #require(try CameraFiles.read(shell.path("maps.hdf5")).maps)
      let truth = try #require(try CameraFiles.read(shell.path("dark/camera.hdf5")).maps)
      let errors = try #require(try CameraFiles.errors(of: shell.path("maps.hdf5")))
      let ratios = maps.gain.indices.map {
        Double((maps.gain[$0] - truth.gain[$0]) / errors.gain[$0])
      }
      let rms = (ratios.reduce(0) { $0 + $1 * $1 } / Double(ratios.count)).squareRoot()
      #expect(abs(rms - 1) < 0.12, "\(rms)")
      let report = try shell.json("maps.json")
      #expect(report["dark_frames"] as? Int == 150)
      #expect((report["levels"] as? [Any])?.count == 3)
      let gain = try #require(report["gain"] as? [String: Double])
      #expect(abs(gain["median"]! / 2 - 1) < 0.02)
      let picture = try Data(contentsOf: URL(fileURLWithPath: shell.path("maps.png")))
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
      // Nothing is replaced without --force.
      let again = try shell.sh(
        "\"$GLINT\" calibrate camera dark/movie.tif --gain 2 -o maps.hdf5 -q")
      #expect(again.status == 2 && again.errors.contains("maps.hdf5"))

      let agreed = try shell.sh(
        "\"$GLINT\" check camera maps.hdf5 fresh/movie.tif --json c.json -q")
      agreed.expectSuccess()
      #expect(agreed.output.contains("150 frames agree with the maps"))
      #expect(try shell.json("c.json")["contradictions"] as? [String] == [])
      // The scalars describe another sensor, with identical pixels.
      try shell.sh(
        "\"$GLINT\" simulate -o other --dark --offset 103 --gain 2 --read-noise 1.5 --size 40,32 "
          + "--frames 150 -q"
      ).expectSuccess()
      let other = try shell.sh("\"$GLINT\" check camera maps.hdf5 other/movie.tif -q")
      #expect(other.status == 1)
      #expect(other.output.contains("150 frames contradict the maps"))
      #expect(other.errors.contains("contradiction: the offset has moved by +"))
      #expect(other.errors.contains("hint: calibrate the camera again"))

      try shell.sh(
        "\"$GLINT\" simulate -o movie --camera dark/camera.hdf5 --frames 20 --per-frame 2 -q"
      ).expectSuccess()
      try shell.sh(
        "\"$GLINT\" simulate -o again --settings movie/settings.json -q && "
          + "cmp again/movie.tif movie/movie.tif"
      ).expectSuccess()
      let used = try shell.sh(
        "\"$GLINT\" localize movie/movie.tif -o l.csv --camera maps.hdf5 --device cpu -q")
      used.expectSuccess()
      #expect(!used.errors.contains("warning"), "\(used.errors)")
    }
  }

  /// A movie of a part of the sensor, selected by an option or by its file.
  @Test func mapsAreCroppedToWhatWasRecorded() throws {
    try inShell { shell in
      let maps = CameraMaps(
        width: 64, height: 60, offset: (0..<3840).map { 90 + Float($0 % 20) },
        variance: (0..<3840).map { 4 + Float($0 % 7) }, gain: Array(repeating: 2, count: 3840))
      try CameraFiles.write(maps, to: shell.path("maps.hdf5"))
      let part = try #require(maps.cropped(to: PixelRegion(x: 5, y: 9, width: 56, height: 48)))
      try CameraFiles.write(part, to: shell.path("part.hdf5"))
      try shell.sh(
        "\"$GLINT\" simulate -o sim --camera part.hdf5 --frames 20 --per-frame 4 --format dax -q"
      ).expectSuccess()
      func localize(_ line: String) throws -> Program {
        try shell.sh(
          "\"$GLINT\" localize sim/movie.dax -o out.csv --pixel-size 100 --force --device cpu -q \(line)"
        )
      }
      try localize("--camera part.hdf5").expectSuccess()
      let own = try String(contentsOfFile: shell.path("out.csv"), encoding: .utf8)
      let refused = try localize("--camera maps.hdf5")
      #expect(refused.status == 2)
      #expect(refused.errors.contains("the camera maps are 64×60 px, the movie 56×48\nhint: "))
      #expect(refused.errors.contains("--camera-roi"))
      try localize("--camera maps.hdf5 --camera-roi 5,9,56,48").expectSuccess()
      #expect(try String(contentsOfFile: shell.path("out.csv"), encoding: .utf8) == own)
      for wrong in ["9,9,56,48", "5,9,55,48", "9223372036854775807,0,56,48"] {
        let program = try localize("--camera maps.hdf5 --camera-roi \(wrong)")
        #expect(program.status == 2 && program.errors.contains("does not match them\nhint: "))
      }
      try shell.sh(
        """
        sed -i 's/x_start = 1/x_start = 6/; s/x_end = 56/x_end = 61/; s/y_start = 1/y_start = 10/; \
        s/y_end = 48/y_end = 57/' sim/movie.inf
        """
      ).expectSuccess()
      try localize("--camera maps.hdf5").expectSuccess()
      #expect(try String(contentsOfFile: shell.path("out.csv"), encoding: .utf8) == own)
      // The region is part of the recipe.
      let recipe = try localize("--camera maps.hdf5 --camera-roi 5,9,56,48 --print-recipe")
      #expect(recipe.output.contains("\ncamera_roi: [5, 9, 56, 48] "))
    }
  }

  @Test func localizeWarnsOfWrongNumbers() throws {
    try inShell { shell in
      try shell.makeMovie()
      func warning(_ line: String) throws -> String {
        let program = try shell.sh(
          "\"$GLINT\" localize movie.tif -o o.csv --pixel-size 100 --json r.json --force --device cpu -q \(line)"
        )
        let notes = try shell.json("r.json")["notes"] as? [String] ?? []
        #expect(notes.isEmpty == !program.errors.contains("warning: "))
        return program.errors
      }
      #expect(try warning("--offset 100 --gain 2 --read-noise 1.5").isEmpty)
      #expect(
        try warning("--offset 100 --gain 0.5 --read-noise 1.5").contains(
          "e⁻/ADU of a data sheet: try --sensitivity 0.5"))
      #expect(try warning("--offset 160 --gain 2 --read-noise 1.5").contains("below the offset"))
      #expect(try warning("").contains("warning: the noise is"))
    }
  }

  @Test func impossibleCalibrationsAreRefused() throws {
    try inShell { shell in
      try record(shell, frames: 100)
      try shell.sh("\"$GLINT\" simulate -o small --dark --size 20,20 --frames 100 -q")
        .expectSuccess()
      try shell.sh("\"$GLINT\" simulate -o one --dark --size 40,32 --frames 1 -q").expectSuccess()
      try shell.sh("printf 'not a movie' > text.tif").expectSuccess()
      let broken = CameraMaps(
        width: 40, height: 32, offset: Array(repeating: .nan, count: 1280),
        variance: Array(repeating: 1, count: 1280), gain: Array(repeating: 1, count: 1280))
      try CameraFiles.write(broken, to: shell.path("nan.hdf5"))
      let before = try shell.files
      for (line, words) in [
        ("calibrate camera -o m.hdf5 --gain 2", "no dark frames were given"),
        ("calibrate camera -o m.hdf5 --bright b1/movie.tif", "no dark frames were given"),
        ("calibrate camera dark/movie.tif -o m.hdf5", "without bright frames the gain"),
        ("calibrate camera one/movie.tif -o m.hdf5 --gain 2", "1 dark frame cannot determine"),
        (
          "calibrate camera dark/movie.tif --bright one/movie.tif -o m.hdf5",
          "1 bright frame cannot determine"
        ),
        (
          "calibrate camera b1/movie.tif --bright dark/movie.tif -o m.hdf5",
          "dark/movie.tif is not brighter than the dark frames"
        ),
        (
          "calibrate camera dark/movie.tif --bright fresh/movie.tif -o m.hdf5",
          "fresh/movie.tif is not brighter than the dark frames"
        ),
        (
          "calibrate camera dark/movie.tif small/movie.tif --gain 2 -o m.hdf5",
          "small/movie.tif has 20×20 uint16 pixels, dark/movie.tif 40×32"
        ),
        (
          "calibrate camera dark/movie.tif --bright small/movie.tif -o m.hdf5",
          "small/movie.tif has 20×20"
        ),
        (
          "calibrate camera dark/movie.tif --bright dark/movie.tif -o m.hdf5",
          "is given both as dark and as bright"
        ),
        ("calibrate camera dark/movie.tif --gain 0 -o m.hdf5", "gain 0 ADU/e⁻ must be"),
        (
          "calibrate camera dark/movie.tif --gain 2 --bright b1/movie.tif -o m.hdf5",
          "--gain cannot be combined with --bright"
        ),
        ("calibrate camera dark/movie.tif --gain 2 -o m.csv", "written as HDF5"),
        ("calibrate camera dark/movie.tif --gain 2 -o none/m.hdf5", "none/m.hdf5"),
        ("calibrate camera dark/movie.tif --gain 2 --roi 30,0,20,20 -o m.hdf5", "is not inside"),
        (
          "calibrate camera dark/movie.tif --bright b1/movie.tif --saturation 90 -o m.hdf5",
          "most pixels of b1/movie.tif reach 90.0 ADU"
        ),
        ("calibrate camera text.tif --gain 2 -o m.hdf5", "text.tif"),
        ("check camera dark/camera.hdf5", "dark"),
        ("check camera nan.hdf5 dark/movie.tif", "pixel (0, 0): offset nan"),
        ("check camera dark/camera.hdf5 one/movie.tif", "1 dark frame cannot determine"),
        (
          "check camera dark/camera.hdf5 small/movie.tif", "the maps are 40×32 px, the frames 20×20"
        ),
        ("check camera dark/camera.hdf5 small/movie.tif --roi 30,20,20,20", "the maps are 40×32"),
        ("localize dark/movie.tif -o l.csv --camera nan.hdf5", "pixel (0, 0): offset nan"),
        (
          "localize small/movie.tif -o l.csv --camera dark/camera.hdf5", "the camera maps are 40×32"
        ),
        ("simulate -o s --camera nan.hdf5 -q", "offset nan"),
        ("simulate -o s --camera dark/camera.hdf5 --size 30,30 -q", "camera maps are 40×32"),
        ("simulate -o s --camera dark/camera.hdf5 --scmos -q", "--scmos"),
        ("simulate -o s --dark --bright 4", "cannot be combined"),
        ("simulate -o s --bright=-4", "background"),
        ("simulate -o s --beads 4", "--z-step"), ("simulate -o s --z-step 4", "--beads"),
        ("simulate -o s --beads 0 --z-step 10", "beads 0 must be in 1...10000"),
        ("simulate -o s --beads 4 --z-step 0", "z step 0 nm must be in 1...10000"),
        ("simulate -o s --beads 4 --z-step 0.05", "z step 0.05 nm must be"),
        ("simulate -o s --pixel-size -100", "pixel size -100 nm must be in 10...1000"),
        ("simulate -o s --pixel-size 1e-308", "nm must be in 10...1000"),
        ("simulate -o s --pixel-size 0.1", "pixel size 0.1 nm must be in 10...1000"),
        ("simulate -o s --psf pupil --wavelength 0.67", "wavelength 0.67 nm must be in"),
        ("simulate -o s --z-range -0.5:0.5", "z range [-0.5, 0.5] nm must be"),
        ("simulate -o s --z-range 5:4", "--z-range"),
        ("simulate -o s --z-range nan:4", "--z-range"),
        ("simulate -o s --psf astigmatic --z-range -2000:0", "z reaches from -2000"),
        ("simulate -o s --psf astigmatic --na 1.2", "--na requires --psf pupil"),
        ("simulate -o s --psf pupil --na 1.6", "numerical aperture 1.6"),
        ("simulate -o s --psf pupil --zernike 2,1=0.5", "Zernike term 2,1"),
        ("simulate -o s --psf pupil --zernike 2=0.5", "--zernike"),
        ("simulate -o s --psf pupil --phase-mask none.npy", "none.npy"),
        ("simulate -o s --psf pupil --phase-mask dark/movie.tif", "not square"),
        ("simulate -o s --psf none.hdf5", "none.hdf5"),
        ("evaluate l.csv l.csv --psf-sigma 1 --box 8", "box 8 must be odd and in 3...99"),
        ("evaluate l.csv l.csv --psf-sigma 130", "psf σ 130 px must be"),
        ("evaluate l.csv l.csv --tolerance 0.25", "lateral tolerance 0.25 nm must be"),
        ("evaluate l.csv l.csv --border 0.45", "border 0.45 nm must be"),
        ("evaluate l.csv l.csv --brightest 75", "brightest part 75 must be"),
        ("evaluate l.csv l.csv --psf a.yaml --psf-sigma 1", "cannot be combined with --psf"),
        ("evaluate l.csv l.csv --axial-tolerance 0", "axial tolerance 0 nm must be"),
        ("evaluate l.csv l.csv", "l.csv"),
      ] {
        let program = try shell.sh("\"$GLINT\" \(line)")
        #expect(program.status == 2, "\(line): \(program.errors)\(program.output)")
        #expect(program.errors.contains(words), "\(line): \(program.errors)")
        #expect(program.complaint.hasPrefix("error: "), "\(line): \(program.errors)")
        #expect(try shell.files == before, "\(line) left something")
      }
    }
  }

  @Test func moviesWithDepthAreMadeAndScored() throws {
    try inShell { shell in
      for (name, line) in [
        ("astigmatic", "--psf astigmatic"), ("helix", "--psf double-helix --na 1.2"),
        ("pupil", "--psf pupil --zernike 2,2=0.1 --wavelength 600 --index 1.4 --na 1.2"),
      ] {
        try shell.sh(
          "\"$GLINT\" simulate -o \(name) \(line) --z-range -200:200 --size 40,40 --frames 3 "
            + "--per-frame 3 -q"
        ).expectSuccess()
        let truth = try Tables.read(shell.path("\(name)/truth.csv"))
        #expect(truth.count == 9)
        #expect(try #require(truth[.z]).allSatisfy { -200...200 ~= $0 && $0 != 0 })
        let file = shell.path("\(name)/psf." + (name == "astigmatic" ? "yaml" : "hdf5"))
        #expect(try CalibrationFiles.read(file).zRange.contains(150))
        let again = try shell.sh(
          "\"$GLINT\" simulate -o again --force --settings \(name)/settings.json -q && "
            + "cmp again/movie.tif \(name)/movie.tif && cmp again/truth.csv \(name)/truth.csv")
        again.expectSuccess()
      }
      try shell.sh(
        "\"$GLINT\" simulate -o beads --beads 4 --z-step -50 --z-range -300:300 --size 40,40 "
          + "--psf astigmatic --photons 20000 -q"
      ).expectSuccess()
      let beads = try Tables.read(shell.path("beads/truth.csv"))
      #expect(beads.count == 52)
      #expect(beads[.z]!.first == 300 && beads[.z]!.last == -300)
      let score = try shell.sh(
        "\"$GLINT\" evaluate astigmatic/truth.csv astigmatic/truth.csv --json s.json --border 0")
      score.expectSuccess()
      #expect(score.output.contains("efficiency   100.00 in 3D: lateral 100.00, axial 100.00"))
      #expect(score.output.contains("within 250.0 nm and 500.0 nm along z"))
      #expect(score.output.contains("× true z"))
      #expect(try shell.json("s.json")["volumeEfficiency"] as? Double == 100)
    }
  }
}
