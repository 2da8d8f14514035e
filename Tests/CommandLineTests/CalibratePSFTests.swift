import Formats
import Foundation
import Microscopy
import Optics
import TestSupport
import Testing

@Suite struct CalibratePSFTests {
  private static let lens = AstigmaticPSF(
    x: .defocus(width: 1.15, focus: -180, depth: 360, terms: [0, 0.1]),
    y: .defocus(width: 1.2, focus: 190, depth: 350, terms: [0, 0.1]), zRange: -700...700)

  /// Five beads; in one of the scans the molecules move down.
  private func write(_ scene: BeadScene, to path: String, falling: Bool = false) throws {
    let writer = try TIFFMovieWriter(
      path: path, width: scene.width, height: scene.height, pixelSize: 100)
    let counts = scene.counts()
    let size = scene.width * scene.height
    for k in 0..<scene.planes {
      let plane = falling ? scene.planes - 1 - k : k
      try writer.append(Array(counts[plane * size..<(plane + 1) * size]))
    }
    try writer.finish()
  }

  @Test func calibrates() throws {
    try inShell { shell in
      let scene = BeadScene(psf: Self.lens, beads: BeadScene.fiveBeads)
      try write(scene, to: shell.path("up.tif"), falling: true)
      let program = try shell.glint(
        "calibrate", "psf", "up.tif", "-o", "psf.hdf5", "--z-step", "30", "--pixel-size", "100",
        "--roi", "15", "--report", "r.png", "--json", "r.json", "--gain", "1", "--offset", "0.5")
      program.expectSuccess()
      #expect(program.output.contains("beads        5 used, 0 rejected\n"))
      #expect(program.output.contains("wrote        psf.hdf5"))
      #expect(
        program.output.hasPrefix(
          "z            grows from the last plane to the first (the objective moved up, or the "
            + "sample down); if not so, give --z-step -30\n"), "\(program.output)")
      #expect(program.output.contains("box          15 px, with "))
      #expect(program.output.contains("z grows with the molecule's height above the focal plane"))
      guard case .spline(let spline) = try CalibrationFiles.read(shell.path("psf.hdf5")) else {
        Issue.record("no spline")
        return
      }
      #expect(spline.columns == 14)
      #expect(spline.pixelSize == 100)
      let report = try shell.json("r.json")
      #expect(report["used"] as? Int == 5)
      #expect((report["beads"] as? [[String: Any]])?.count == 5)
      #expect(((report["check"] as? [String: Any])?["bounds"] as? [Any])?.isEmpty == false)
      #expect((report["widths"] as? [Any])?.isEmpty == false)
      let png = try Data(contentsOf: URL(fileURLWithPath: shell.path("r.png")))
      #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]) && png.count > 20_000)

      // The objective moving up and the sample moving down are equivalent; both up are not.
      try shell.glint(
        "calibrate", "psf", "up.tif", "-o", "same.h5", "--z-step", "-30", "--roi", "15", "--scan",
        "sample", "--gain", "1", "--offset", "0.5"
      ).expectSuccess()
      guard case .spline(let same) = try CalibrationFiles.read(shell.path("same.h5")) else {
        Issue.record("no spline")
        return
      }
      // Written with another scale and reversed again: a few units in the last place.
      #expect(
        zip(same.coefficients, spline.coefficients).allSatisfy { abs($0 - $1) < 1e-5 })

      try shell.glint(
        "calibrate", "psf", "up.tif", "-o", "psf.yaml", "--z-step", "30", "--roi", "15"
      ).expectSuccess()
      guard case .astigmatic(let gaussian) = try CalibrationFiles.read(shell.path("psf.yaml"))
      else {
        Issue.record("not astigmatic")
        return
      }
      // x is in focus below: at z < 0 its width is the smaller one.
      #expect(gaussian.x.width(at: -200) < gaussian.y.width(at: -200))
    }
  }

  @Test func stacksInOneMovie() throws {
    try inShell { shell in
      var scene = BeadScene(psf: Self.lens, beads: Array(BeadScene.fiveBeads[..<3]))
      scene.height = 32
      let size = scene.width * scene.height
      let writer = try TIFFMovieWriter(
        path: shell.path("m.tif"), width: 96, height: 32, pixelSize: 100)
      for seed in [1, 2] {
        scene.seed = UInt64(seed)
        let counts = scene.counts()
        for k in 0..<scene.planes {
          try writer.append(Array(counts[k * size..<(k + 1) * size]))
        }
      }
      try writer.finish()
      let program = try shell.glint(
        "calibrate", "psf", "m.tif", "-o", "p.hdf5", "--z-step", "30", "--roi", "13", "--planes",
        "41", "--scan", "sample")
      program.expectSuccess()
      #expect(program.output.contains("beads        6 used, 0 rejected"))
    }
  }

  @Test func stacksInOneMovieAreNeverGuessed() throws {
    try inShell { shell in
      var scene = BeadScene(psf: Self.lens, beads: [.init(15.6, 16.2)])
      (scene.width, scene.height) = (32, 32)
      let writer = try TIFFMovieWriter(
        path: shell.path("m.tif"), width: 32, height: 32, pixelSize: 100)
      for seed in 1...6 {
        scene.seed = UInt64(seed)
        scene.beads[0].photons = 10_000 * Double(seed)
        let counts = scene.counts()
        for k in 0..<scene.planes { try writer.append(Array(counts[k * 1024..<(k + 1) * 1024])) }
      }
      try writer.finish()
      let line = ["calibrate", "psf", "m.tif", "-o", "p.hdf5", "--z-step", "30"]
      let program = try shell.glint(line)
      #expect(program.status == 2)
      #expect(
        program.errors.contains(
          "m.tif seems to hold 6 stacks one after the other: its 246 planes look alike every 41"),
        "\(program.errors)")
      #expect(program.errors.contains("\nhint: give the planes of one stack with --planes 41"))
      let told = try shell.glint(line + ["--planes", "41"])
      told.expectSuccess()
      #expect(told.output.contains("beads        6 used, 0 rejected"), "\(told.output)")
    }
  }

  @Test func rejectedBeadsAreCountedAndListedOnRequest() throws {
    try inShell { shell in
      var scene = BeadScene(psf: Self.lens, beads: BeadScene.fiveBeads)
      scene.width = 128
      scene.beads += [.init(3, 30), .init(105, 20), .init(112, 22)]
      try write(scene, to: shell.path("b.tif"))
      let line = [
        "calibrate", "psf", "b.tif", "-o", "p.hdf5", "--z-step", "-30", "--roi", "15", "--force",
      ]
      let short = try shell.glint(line)
      short.expectSuccess()
      #expect(
        short.output.contains(
          "beads        5 used, 3 rejected: 2 overlapping, 1 border (each with --list-rejected)\n"),
        "\(short.output)")
      #expect(!short.output.contains("  rejected   "))
      #expect(short.output.hasPrefix("z            grows from the first plane to the last"))
      let long = try shell.glint(line + ["--list-rejected"])
      #expect(long.output.contains("5 used, 3 rejected: 2 overlapping, 1 border\n"))
      #expect(long.output.components(separatedBy: "\n  rejected   b.tif at (").count == 4)
    }
  }

  @Test func mapsOfALargerSensorAreCut() throws {
    try inShell { shell in
      let scene = BeadScene(psf: Self.lens, beads: BeadScene.fiveBeads)
      try write(scene, to: shell.path("b.tif"))
      let (width, height) = (scene.width + 7, scene.height + 5)
      func map(_ value: Float) -> [Float] { Array(repeating: value, count: width * height) }
      try CameraFiles.write(
        CameraMaps(width: width, height: height, offset: map(0.5), variance: map(1), gain: map(1)),
        to: shell.path("maps.hdf5"))
      func calibrate(_ options: String) throws -> Program {
        try shell.sh(
          "\"$GLINT\" calibrate psf b.tif -o p.hdf5 --z-step 30 --roi 15 --scan sample "
            + "--camera maps.hdf5 \(options)")
      }
      let size = "\(scene.width),\(scene.height)"
      #expect(try calibrate("").errors.contains("use maps of the same part of the sensor"))
      #expect(
        try calibrate("--camera-roi 8,5,\(size)").errors.contains("is outside the camera maps of"))
      let cut = try calibrate("--camera-roi 7,5,\(size)")
      cut.expectSuccess()
      #expect(cut.output.contains("beads        5 used, 0 rejected"))
    }
  }

  @Test func refusals() throws {
    try inShell { shell in
      var scene = BeadScene(psf: Self.lens, beads: BeadScene.fiveBeads)
      scene.planes = 8
      try write(scene, to: shell.path("b.tif"))
      scene.beads = []
      try write(scene, to: shell.path("flat.tif"))
      let before = try shell.files
      for (line, words) in [
        ("b.tif -o p.hdf5", "the z step of the bead stack is not given"),
        ("b.tif -o p.hdf5 --z-step 0", "z step 0 nm must be"),
        ("b.tif -o p.hdf5 --z-step nan", "z step nan nm must be"),
        ("b.tif -o p.hdf5 --z-step 0.05", "z step 0.05 nm must be in 1...10000"),
        ("b.tif -o p.hdf5 --z-step 10 --pixel-size 0.1", "pixel size 0.1 nm must be in 10...1000"),
        (
          "b.tif -o p.hdf5 --z-step 10 --z-error 0", "accepted error of z 0 nm must be greater than"
        ),
        ("b.tif -o p.hdf5 --z-step 10 --refractive-index-factor 0", "refractive-index factor 0"),
        ("b.tif -o p.csv --z-step 10", "does not match a calibration format"),
        ("b.tif -o p.hdf5 --z-step 10 --model astigmatic", "holds only the spline model"),
        ("b.tif -o p.hdf5 --z-step 10 --roi 14", "a box of 14 px must be odd and in 9...61"),
        ("b.tif -o p.hdf5 --z-step 10 --planes 3", "not a multiple of 3 planes"),
        ("b.tif -o p.hdf5 --z-step 10 --report r.jpg", "r.jpg is not a .png"),
        ("b.tif -o b.tif --z-step 10", "does not match a calibration format"),
        ("flat.tif -o p.hdf5 --z-step 10 --roi 15", "no beads were found in flat.tif"),
      ] {
        let program = try shell.sh("\"$GLINT\" calibrate psf \(line)")
        #expect(program.status == 2, "\(line): \(program.errors)")
        #expect(program.errors.contains(words), "\(line): \(program.errors)")
        #expect(program.errors.contains("\nhint: "), "\(line): \(program.errors)")
        #expect(program.output.isEmpty, "\(line)")
      }
      #expect(try shell.files == before)
      #expect(
        try shell.glint("calibrate", "psf").errors.contains(
          "hint: `glint calibrate psf --help` shows every option"))
      #expect(try shell.glint("calibrate", "psf", "--help").output.contains("EXAMPLE:"))
    }
  }
}
