import Compute
import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Invalid input is rejected: exit code 2, one message, nothing on stdout, no files left behind.
@Suite struct RefusalTests {
  private func expectRefusal(
    _ program: Program, _ words: String, hint: Bool = true,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(program.status == 2, "\(program.errors)", sourceLocation: location)
    #expect(program.output.isEmpty, sourceLocation: location)
    #expect(program.complaint.hasPrefix("error: "), sourceLocation: location)
    #expect(program.errors.contains(words), "\(program.errors)", sourceLocation: location)
    let hints = program.errors.components(separatedBy: "\nhint: ").count - 1
    #expect(hints == 1 || !hint && hints == 0, "\(program.errors)", sourceLocation: location)
  }

  @Test func options() throws {
    try inShell { shell in
      try shell.makeMovie()
      let before = try shell.files
      for (line, words) in [
        ("--box 8", "box 8 must be odd"), ("--box 41", "box 41"), ("--box 1", "box 1"),
        ("--box -7", "box -7"), ("--box 49", "box 49"), ("--box 7.5", "--box"),
        ("--psf-sigma 0", "psf σ 0"), ("--psf-sigma nan", "psf σ nan"), ("--psf-sigma inf", "inf"),
        ("--threshold -1", "threshold -1"), ("--threshold nan", "threshold nan"),
        ("--frames 5:3", "5:3"), ("--frames 3:3", "3:3"), ("--frames 0:25", "has 24"),
        ("--frames 24:", "has 24"), ("--frames x", "--frames"), ("--frames -2:5", "-2:5"),
        ("--roi 0,0,57,48", "not inside"), ("--roi 50,0,7,48", "not inside"),
        ("--roi 9223372036854775807,0,1,1", "not inside"),
        ("--roi 1,2,3", "--roi"), ("--roi 0,0,0,9", "--roi"), ("--batch 0", "--batch 0"),
        ("--batch -3", "--batch -3"), ("--threads 0", "--threads 0"),
        ("--threads 99999", "--threads"), ("--gain 0", "gain 0"), ("--gain -1", "gain -1"),
        ("--gain nan", "gain nan"), ("--offset inf", "offset inf"),
        ("--qe 2", "quantum efficiency"),
        ("--qe 0", "quantum efficiency"), ("--em-gain 0.5", "EM gain 0.5"),
        ("--read-noise -1", "read noise -1"), ("--pixel-size 0", "pixel size 0"),
        ("--pixel-size nan", "pixel size nan"), ("--pixel-size wide", "--pixel-size"),
        ("--device gpu", "no device `gpu`"), ("--device ''", "no device"),
        ("--device cpu:mmx", "no device `cpu:mmx`"), ("--device opencl:99", "opencl"),
        ("--detector eye", "--detector"), ("--fit best", "--fit"), ("--sigma wide", "--sigma"),
        ("--recipe none.yaml", "none.yaml"), ("--recipe movie.tif", "not a recipe"),
        ("--camera none.yaml", "none.yaml"), ("--frobnicate", "--frobnicate"), ("more", "more"),
        ("-o b.csv -o b.csv", "two outputs"), ("-o b.hdf5 -o ./b.h5", "two outputs"),
        ("--json out.csv", "two outputs"), ("--json out-protocol.txt", "two outputs"),
        ("-o b.xls", "b.xls"), ("-o b", "extension of b "), ("-o none/b.csv", "none/b.csv"),
        ("--json none/b.json", "none/b.json"), ("--json movie.tif --force", "an input of this run"),
        ("--json ./movie.tif", "an input of this run"), ("--json / --force", "folder"),
      ] {
        expectRefusal(
          try shell.sh("\"$GLINT\" localize movie.tif -o out.csv --device cpu \(line)"), words,
          hint: !line.hasPrefix("--camera") && line != "--json / --force")
        #expect(try shell.files == before, "\(line) left something")
      }
    }
  }

  @Test func verbs() throws {
    try inShell { shell in
      try shell.makeMovie()
      try shell.sh("printf 'a,b\n1,2\n' > odd.csv").expectSuccess()
      for (line, words) in [
        ("frobnicate", "frobnicate"), ("localize", "no movie is given"),
        ("localize movie.tif", "no output is given"), ("evaluate a.csv", "truth"),
        ("evaluate a.csv b.csv", "a.csv"), ("evaluate odd.csv odd.csv", "odd.csv"),
        ("render odd.csv -o a.png", "odd.csv"), ("render none.csv -o a.png", "none.csv"),
        ("convert none.csv a.csv", "none.csv"), ("convert odd.csv a.xyz", "a.xyz"),
        ("info none", "none"), ("info odd.csv", "odd.csv"), ("parity nosuchop", "nosuchop"),
        ("parity calibrate --device x", "no device `x`"), ("profile none.tif", "none.tif"),
        ("profile --frames-count 0", "--frames-count 0"), ("profile --batch 0", "--batch 0"),
        ("demo -o d --frames 0", "frames 0"), ("simulate -o d --frames -1", "-1"),
        ("simulate -o d --per-frame nan", "nan"), ("simulate -o d --per-frame=-1", "-1"),
        ("simulate -o d --on-time 1000", "1000"), ("simulate -o d --size 0,4", "0,4"),
        ("simulate -o d --size 99999,9", "99999"), ("simulate -o d --photons nan", "nan"),
        ("simulate -o d --background=-5", "background"), ("simulate -o d --psf-sigma 0", "0"),
        ("simulate -o d --scene grid --pixel-size nan", "nan"),
        ("simulate -o d --settings none.json", "none.json"),
        ("simulate -o d --settings odd.csv", "odd.csv"), ("simulate -o movie.tif/d", "movie.tif/d"),
      ] {
        let program = try shell.sh("\"$GLINT\" \(line)")
        #expect(program.status == 2, "\(line): \(program.errors)")
        #expect(program.output.isEmpty, "\(line)")
        #expect(program.complaint.hasPrefix("error: "), "\(line): \(program.errors)")
        #expect(program.errors.contains(words), "\(line): \(program.errors)")
      }
    }
  }

  @Test func movies() throws {
    try inShell { shell in
      try shell.makeMovie()
      let whole = try Data(contentsOf: URL(fileURLWithPath: shell.path("movie.tif")))
      try whole.prefix(40_000).write(to: URL(fileURLWithPath: shell.path("cut.tif")))
      try whole.prefix(5).write(to: URL(fileURLWithPath: shell.path("head.tif")))
      try Data().write(to: URL(fileURLWithPath: shell.path("empty.tif")))
      var random = SampleGenerator(seed: 100)
      for name in ["random.tif", "random.dax", "random.raw", "random.spe"] {
        try Data((0..<5000).map { _ in UInt8.random(in: 1...255, using: &random) })
          .write(to: URL(fileURLWithPath: shell.path(name)))
      }
      try shell.sh(
        "mkdir bare && touch bare/a.txt && mkdir none && : > zero.dax "
          + "&& printf 'frame dimensions = 56 x 48\nnumber of frames = 0\n' > zero.inf "
          + "&& ln -s nowhere.tif dangling.tif"
      ).expectSuccess()
      let names = [
        "head.tif", "empty.tif", "random.tif", "random.dax", "random.raw", "random.spe",
        "bare", "none", "missing.tif", "zero.dax", "dangling.tif",
      ]
      for name in names { try expectNoMovie(shell, name) }
      try tornMovies(shell, whole)
    }
  }

  /// Without a pixel size nothing is localized; the error says how to compute it.
  @Test func aMovieWithoutAPixelSize() throws {
    try inShell { shell in
      let writer = try TIFFMovieWriter(path: shell.path("plain.tif"), width: 20, height: 20)
      try [UInt16](repeating: 100, count: 400).withUnsafeBytes { try writer.append($0) }
      try writer.finish()
      for line in [
        ["localize", "plain.tif", "-o", "out.csv"],
        ["calibrate", "psf", "plain.tif", "-o", "psf.yaml", "--z-step", "10"],
      ] {
        let program = try shell.glint(line)
        expectRefusal(program, "the pixel size in the sample plane is not known")
        #expect(program.errors.contains("the camera's pixel divided by the magnification"))
      }
      for size in ["0.1", "-100", "1e-308", "1e5"] {
        expectRefusal(
          try shell.glint("localize", "plain.tif", "-o", "out.csv", "--pixel-size=\(size)"),
          "must be in 10...1000")
      }
      #expect(try shell.files == ["plain.tif"])
    }
  }

  /// A camera that the movie contradicts threefold stops the run, unless it is accepted.
  @Test func aContradictedCamera() throws {
    try inShell { shell in
      try shell.glint(
        "simulate", "-o", "s", "--frames", "20", "--size", "64,64", "--offset", "100", "--gain", "2"
      ).expectSuccess()
      let line = ["localize", "s/movie.tif", "-o", "a.csv", "--gain", "2", "--device", "cpu"]
      let stopped = try shell.glint(line)
      expectRefusal(stopped, "times the value expected from the camera settings")
      #expect(stopped.errors.contains("give the camera's --offset first"), "\(stopped.errors)")
      #expect(stopped.errors.contains("--accept-camera"), "\(stopped.errors)")
      #expect(try !shell.files.contains("a.csv"))
      try shell.glint(line + ["--accept-camera"]).expectSuccess()
      // Without any statement of the camera, a warning is enough.
      try shell.glint("localize", "s/movie.tif", "-o", "b.csv", "--device", "cpu").expectSuccess()
      // Data sheets state electrons per ADU.
      let sheet = try shell.glint(
        "localize", "s/movie.tif", "-o", "c.csv", "--offset", "100", "--sensitivity", "0.5")
      #expect(sheet.status == 0 && !sheet.errors.contains("warning"), "\(sheet.errors)")
      expectRefusal(
        try shell.glint(
          "localize", "s/movie.tif", "-o", "d.csv", "--gain", "2", "--sensitivity", "0.5"),
        "state the same")
    }
  }

  @Test(.filePermissions) func aLockedMovie() throws {
    try inShell { shell in
      try shell.makeMovie()
      try shell.sh("cp movie.tif locked.tif && chmod 000 locked.tif").expectSuccess()
      try expectNoMovie(shell, "locked.tif")
    }
  }

  private func expectNoMovie(_ shell: Shell, _ name: String) throws {
    let program = try shell.glint("localize", name, "-o", "out.csv", "--device", "cpu")
    #expect(program.status == 2, "\(name): \(program.output)\(program.errors)")
    #expect(program.output.isEmpty)
    #expect(program.errors.contains(name.prefix { $0 != "." }), "\(name): \(program.errors)")
    #expect(!(try shell.files).contains("out.csv"), "\(name)")
    #expect(!(try shell.files).contains { $0.hasSuffix(".glint-part") }, "\(name)")
    let info = try shell.glint("info", name)
    #expect(info.status == 2, "\(name): \(info.output)")
  }

  /// A truncated movie is rejected, but the range before the end can be used.
  private func tornMovies(_ shell: Shell, _ whole: Data) throws {
    let before = try shell.files
    let bytes = 7 * 56 * 48 * 2 + 100
    let pixels = whole.suffix(from: 8).prefix(bytes)
    try pixels.write(to: URL(fileURLWithPath: shell.path("torn.dax")))
    try pixels.write(to: URL(fileURLWithPath: shell.path("torn.raw")))
    try shell.sh(
      "printf 'frame dimensions = 56 x 48\nnumber of frames = 24\n' > torn.inf && printf "
        + "'Data Type: uint16\nByte Order: \"<\"\nFrames: 24\nHeight: 48\nWidth: 56\n' > torn.yaml"
    ).expectSuccess()
    for name in ["cut.tif", "torn.dax", "torn.raw"] {
      let info = try shell.glint("info", name)
      #expect(info.status == 2)
      #expect(info.output.contains("truncated"), "\(info.output)")
      #expect(info.output.contains("56"))
      #expect(info.errors.hasPrefix("error: \(name): cut off: "), "\(info.errors)")
      #expect(
        info.errors.contains("\nhint: process the frames before it with --frames 0:7"))
      expectRefusal(try shell.glint("localize", name, "-o", "out.csv"), "cut off: ")
      expectRefusal(
        try shell.glint("localize", name, "-o", "out.csv", "--frames", "2:8"), "--frames 0:7")
      expectRefusal(try shell.glint("profile", name), "cut off: ")
    }
    let torn = ["torn.dax", "torn.inf", "torn.raw", "torn.yaml"]
    #expect(try shell.files == (before + torn).sorted())
    let range = [
      "localize", "--frames", "0:7", "--device", "cpu", "--offset", "100", "--gain", "2",
      "--pixel-size", "100",
    ]
    let line = "\"$GLINT\" " + range.joined(separator: " ")
    let part = try shell.sh(line + " cut.tif -o part.csv --json part.json")
    part.expectSuccess()
    #expect(part.errors.contains("cut.tif: cut off: "))
    #expect(try #require(shell.json("part.json")["notes"] as? [String]).count == 1)
    try shell.sh(line + " movie.tif -o own.csv && cmp part.csv own.csv").expectSuccess()
  }

  @Test func maps() throws {
    try inShell { shell in
      try shell.makeMovie()
      func write(_ width: Int, _ height: Int, to name: String) throws {
        let count = width * height
        try CameraFiles.write(
          CameraMaps(
            width: width, height: height, offset: Array(repeating: 100, count: count),
            variance: Array(repeating: 4, count: count), gain: Array(repeating: 2, count: count)),
          to: shell.path(name), overwrite: false)
      }
      try write(56, 48, to: "right.hdf5")
      try write(48, 56, to: "wrong.hdf5")
      let base = "\"$GLINT\" localize movie.tif -o out.csv --device cpu --camera "
      expectRefusal(try shell.sh(base + "wrong.hdf5"), "48×56 px, the movie 56×48")
      expectRefusal(try shell.sh(base + "right.hdf5 --em-gain 100"), "cannot be combined")
      expectRefusal(try shell.sh(base + "right.hdf5 --gain 2"), "cannot be combined with the maps")
      expectRefusal(
        try shell.sh(base + "right.hdf5 --json right.hdf5 --force"), "an input of this run")
      try shell.sh(base + "right.hdf5").expectSuccess()
    }
  }

  /// All existing output names are reported before any work starts.
  @Test func existing() throws {
    try inShell { shell in
      try shell.makeMovie()
      for name in ["a.csv", "a-protocol.txt", "b.hdf5", "b.yaml", "r.json"] {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: shell.path(name)))
        let before = try shell.files
        let line = ["localize", "movie.tif", "-o", "a.csv", "-o", "b.hdf5", "--json", "r.json"]
        let program = try shell.sh("\"$GLINT\" " + line.joined(separator: " "))
        expectRefusal(program, "\(name) exists")
        #expect(try shell.files == before)
        #expect(try String(contentsOfFile: shell.path(name), encoding: .utf8) == "mine")
        if name == "r.json" {
          try shell.sh("\"$GLINT\" " + line.joined(separator: " ") + " --force").expectSuccess()
          #expect(try shell.json("r.json")["frames"] as? Int == 24)
        } else {
          try FileManager.default.removeItem(atPath: shell.path(name))
        }
      }
      try Data("mine".utf8).write(to: URL(fileURLWithPath: shell.path("b.png")))
      for (verb, taken) in [
        ("evaluate a.csv b.hdf5 --json r.json", "r.json"), ("render a.csv -o b.png", "b.png"),
        ("convert a.csv b.hdf5", "b.hdf5"), ("convert b.hdf5 a.csv", "a.csv"),
      ] {
        expectRefusal(try shell.sh("\"$GLINT\" \(verb)"), "\(taken) exists")
      }
    }
  }

  @Test func unwritableFolder() throws {
    try inShell { shell in
      try shell.makeMovie()
      for folder in ["/proc", "/sys"] where FileManager.default.fileExists(atPath: folder) {
        expectRefusal(
          try shell.glint("localize", "movie.tif", "-o", "\(folder)/a.csv"), "\(folder)/a.csv")
      }
    }
  }

  @Test func noOpenCL() throws {
    try inShell { shell in
      try shell.makeMovie()
      let none = ["OCL_ICD_VENDORS": shell.folder.path + "/"]
      let refused = try shell.glint(
        "localize", "movie.tif", "-o", "a.csv", "--device", "opencl:0", environment: none)
      expectRefusal(refused, "OpenCL is not available")
      try shell.glint("localize", "movie.tif", "-o", "a.csv", environment: none).expectSuccess()
      let devices = try shell.glint("devices", environment: none)
      #expect(devices.status == 0)
      #expect(devices.errors.contains("no OpenCL device"))
    }
  }
}

extension Program {
  func expectSuccess(location: SourceLocation = #_sourceLocation) {
    #expect(status == 0, "\(errors)", sourceLocation: location)
  }
}
