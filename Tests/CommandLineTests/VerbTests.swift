import Formats
import Foundation
import Microscopy
import TestSupport
import Testing

/// Every verb, used as its help describes.
@Suite struct VerbTests {
  static let verbs = [
    "localize", "simulate", "evaluate", "render", "convert", "info", "demo", "devices", "parity",
    "profile", "networks", "infer", "calibrate", "check",
  ]

  /// What a table states about its movie agrees with the movie's file.
  @Test func theSidecarHasTheMoviesByteOrder() throws {
    try inShell { shell in
      for (bigEndian, mark) in [(false, "<"), (true, ">")] {
        try writeMovie(shell.path("m.tif"), frames: 4, bigEndian: bigEndian)
        try shell.glint("localize", "m.tif", "-o", "a.hdf5", "--force", "--device", "cpu")
          .expectSuccess()
        let sidecar = try String(contentsOfFile: shell.path("a.yaml"), encoding: .utf8)
        #expect(sidecar.contains("Byte Order: \"\(mark)\""), "\(sidecar)")
        try FileManager.default.removeItem(atPath: shell.path("m.tif"))
      }
    }
  }

  @Test func help() throws {
    try inShell { shell in
      let root = try shell.glint()
      #expect(root.status == 0)
      for line in ["--help", "-h", "help"] {
        #expect(try shell.sh("\"$GLINT\" \(line)").output == root.output)
      }
      for verb in Self.verbs {
        #expect(root.output.contains("  \(verb) "), "\(verb)")
        let own = try shell.glint(verb, "--help")
        #expect(own.status == 0)
        #expect(own.errors.isEmpty)
        #expect(own.output.contains("EXAMPLE:\n  glint \(verb)"), "\(verb)")
        #expect(try shell.glint("help", verb).output.contains("EXAMPLE:"))
      }
      for option in [
        "--device", "--pixel-size", "--camera", "--offset", "--gain", "--em-gain", "--qe",
        "--read-noise", "--detector", "--threshold", "--box", "--fit", "--sigma", "--frames",
        "--roi",
        "--recipe", "--print-recipe", "--json", "--force", "--network", "--weights", "--memory",
      ] { #expect(try shell.glint("localize", "--help").output.contains(option), "\(option)") }
      #expect(try shell.glint("--version").output == "glint \(glintVersion)\n")
    }
  }

  @Test func completions() throws {
    try inShell { shell in
      for (kind, sign) in [
        ("bash", "complete"), ("zsh", "#compdef glint"), ("fish", "complete -c"),
      ] {
        let program = try shell.glint("--generate-completion-script", kind)
        #expect(program.status == 0)
        #expect(program.output.contains(sign))
        #expect(program.output.contains("print-recipe"))
      }
      try shell.sh(
        "\"$GLINT\" --generate-completion-script bash > c.sh && sh -n c.sh || bash -n c.sh"
      )
      .expectSuccess()
    }
  }

  @Test func localize() throws {
    try inShell { shell in
      try shell.makeMovie()
      let program = try shell.glint(
        "localize", "movie.tif", "-o", "a.csv", "-o", "a.hdf5", "--json", "r.json", "--device",
        "cpu",
        "--offset", "100", "--gain", "2", "--read-noise", "1.5", "--pixel-size", "107.5")
      program.expectSuccess()
      // Not a terminal: no bar, no control characters.
      #expect(!program.errors.contains("\u{1B}") && !program.errors.contains("\r"))
      #expect(!program.output.contains("\u{1B}") && program.output.contains(" in 24 frames\n"))
      let report = try shell.json("r.json")
      let rows = try Tables.read(shell.path("a.csv"))
      #expect(rows.count > 50)
      #expect(report["frames"] as? Int == 24)
      #expect(report["localizations"] as? Int == rows.count)
      #expect(try #require(report["frames_per_second"] as? Double) > 0)
      #expect(try #require(report["fits_per_second"] as? Double) > 0)
      #expect(try #require(report["peak_memory_bytes"] as? Int) > 1_000_000)
      let stages = try #require(report["stages"] as? [String: Double])
      #expect(Set(stages.keys) == ["read", "compute", "collect", "write"])
      #expect(try #require(report["seconds"] as? Double) > 0)
      #expect(report["version"] as? String == glintVersion)
      let recipe = try #require(report["recipe"] as? [String: Any])
      #expect(recipe["pixel_size"] as? Double == 107.5)
      // Recipe, version and device are in every output.
      for name in ["a.csv", "a.hdf5"] {
        let step = try #require(try Tables.read(shell.path(name)).provenance.last)
        #expect(step.version == glintVersion)
        #expect(step.action == "localize")
        #expect(step.device?.hasPrefix("cpu: ") == true)
        #expect(step.settings["recipe"]?.contains("pixel_size: 107.5") == true)
        #expect(step.settings["movie"]?.hasSuffix("movie.tif") == true)
      }
      for name in ["a-protocol.txt", "a.yaml"] {
        let text = try String(contentsOfFile: shell.path(name), encoding: .utf8)
        #expect(text.contains(glintVersion) && text.contains("107.5") && text.contains("cpu: "))
      }
      for picture in ["a.png", "a.tif"] {
        try shell.glint("render", "a.hdf5", "-o", picture, "--pixel", "20").expectSuccess()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: shell.path(picture)))
        for words in ["pixel_size: 107.5", glintVersion, "cpu: ", "render"] {
          #expect(bytes.range(of: Data(words.utf8)) != nil, "\(picture) lacks \(words)")
        }
      }
    }
  }

  @Test func recipes() throws {
    try inShell { shell in
      try shell.makeMovie()
      let options =
        "--offset 100 --gain 2.1 --detector wavelet --fit lsq --sigma elliptical --box 9 "
        + "--psf-sigma 1.3333333333333333 --frames 2:20 --roi 3,2,50,44 --pixel-size 160.1"
      try shell.sh("\"$GLINT\" localize --print-recipe \(options) > a.yaml").expectSuccess()
      try shell.sh("\"$GLINT\" localize --print-recipe --recipe a.yaml > b.yaml").expectSuccess()
      try shell.sh("cmp a.yaml b.yaml").expectSuccess()
      try shell.sh("\"$GLINT\" localize movie.tif \(options) -o a.csv").expectSuccess()
      try shell.sh("\"$GLINT\" localize movie.tif --recipe a.yaml -o b.csv").expectSuccess()
      try shell.sh("cmp a.csv b.csv").expectSuccess()
      // The recipe in the table gives the same result.
      let step = try #require(try Tables.read(shell.path("a.csv")).provenance.last)
      try #require(step.settings["recipe"]).write(
        toFile: shell.path("c.yaml"), atomically: true, encoding: .utf8)
      try shell.sh("cmp a.yaml c.yaml").expectSuccess()
      // An option on the command line overrides the recipe.
      let other = try shell.glint("localize", "--print-recipe", "--recipe", "a.yaml", "--box", "11")
      #expect(other.output.contains("  box: 11 "))
      #expect(other.output.contains("  estimator: lsq"))
      let kept = try shell.glint(
        "localize", "--print-recipe", "--recipe", "a.yaml", "--threshold", "3", "--detector",
        "wavelet")
      #expect(kept.output.contains("  threshold: 3 "))
      // A camera file of scalars becomes part of the recipe, and options on the command line
      // override it.
      try shell.sh("printf 'offset: 98\ngain: 0.4\n' > cam.yaml").expectSuccess()
      try shell.sh(
        "\"$GLINT\" localize --print-recipe --camera cam.yaml --offset 99 > d.yaml; rm cam.yaml"
      ).expectSuccess()
      let again = try shell.glint("localize", "--print-recipe", "--recipe", "d.yaml")
      #expect(again.output.contains("  offset: 99 ") && again.output.contains("  gain: 0.4 "))
    }
  }

  @Test func nothingFound() throws {
    try inShell { shell in
      try shell.makeMovie()
      let program = try shell.glint(
        "localize", "movie.tif", "-o", "a.csv", "-o", "a.hdf5", "--threshold", "1e9", "--json",
        "r.json")
      #expect(program.status == 1, "\(program.errors)")
      #expect(program.output.hasPrefix("0 localizations in 24 frames\n"))
      for name in ["a.csv", "a.hdf5"] {
        let table = try Tables.read(shell.path(name))
        #expect(table.count == 0)
        #expect(table[.x] != nil && table[.photons] != nil)
      }
      #expect(try shell.json("r.json")["localizations"] as? Int == 0)
      #expect(try shell.glint("render", "a.csv", "-o", "a.png").status == 1)
      #expect(try shell.glint("convert", "a.csv", "b.hdf5").status == 0)
      #expect(try Tables.read(shell.path("b.hdf5")).count == 0)
      let score = try shell.glint("evaluate", "a.csv", "a.hdf5", "--json", "s.json")
      #expect(score.status == 0, "\(score.errors)")
    }
  }

  @Test func evaluate() throws {
    try inShell { shell in
      try shell.glint(
        "simulate", "-o", "s", "--frames", "30", "--size", "64,64", "--per-frame", "4", "-q"
      ).expectSuccess()
      try shell.glint(
        "localize", "s/movie.tif", "-o", "a.csv", "--offset", "100", "--gain", "2", "--qe", "0.9",
        "--read-noise", "1.5"
      ).expectSuccess()
      let program = try shell.glint("evaluate", "a.csv", "s/truth.csv", "--json", "score.json")
      program.expectSuccess()
      #expect(program.output.hasPrefix("Jaccard "))
      let score = try shell.json("score.json")
      #expect(try #require(score["jaccard"] as? Double) > 0.6)
      #expect(try #require(score["lateralRMSE"] as? Double) < 60)
      #expect(
        try shell.glint("evaluate", "a.csv", "a.csv", "--minimum-jaccard", "99.9").status == 0)
      let below = try shell.glint(
        "evaluate", "a.csv", "s/truth.csv", "--tolerance", "2", "--minimum-jaccard", "90")
      #expect(below.status == 1)
      #expect(below.errors.contains("below 90"))
    }
  }

  @Test func simulate() throws {
    try inShell { shell in
      for (kind, files) in [
        ("tif", ["movie.tif"]), ("bigtiff", ["movie.tif"]), ("dax", ["movie.dax", "movie.inf"]),
        ("raw", ["movie.raw", "movie.yaml"]),
      ] {
        let line =
          "simulate -o \(kind) --frames 3 --size 24,20 --format \(kind) --seed 3 -q --scmos"
        try shell.sh("\"$GLINT\" \(line)").expectSuccess()
        let expected = files + ["camera.hdf5", "settings.json", "truth.csv", "truth-protocol.txt"]
        let found = try FileManager.default.contentsOfDirectory(atPath: shell.path(kind))
        #expect(Set(found) == Set(expected))
        #expect(try shell.sh("\"$GLINT\" \(line)").status == 2, "it replaced \(kind) unasked")
        try shell.sh("cp \(kind)/\(files[0]) before").expectSuccess()
        try shell.sh("\"$GLINT\" \(line) --force").expectSuccess()
        try shell.sh("cmp \(kind)/\(files[0]) before").expectSuccess()
        let info = try shell.glint("info", "\(kind)/\(files[0])", "--json")
        let fields = try #require(
          try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any])
        #expect(fields["frames"] as? Int == 3)
        #expect(fields["width"] as? Int == 24)
        #expect(fields["height"] as? Int == 20)
      }
      try shell.glint("simulate", "-o", "again", "--settings", "tif/settings.json", "-q")
        .expectSuccess()
      try shell.sh("cmp tif/movie.tif again/movie.tif").expectSuccess()
      let table = try shell.glint("info", "tif/truth.csv", "--json")
      #expect(table.output.contains("localization table"))
    }
  }

  @Test func convert() throws {
    try inShell { shell in
      try shell.makeMovie()
      try shell.glint("localize", "movie.tif", "-o", "a.hdf5").expectSuccess()
      try shell.glint("convert", "a.hdf5", "b.csv").expectSuccess()
      try shell.glint("convert", "b.csv", "c.hdf5").expectSuccess()
      let (a, c) = (try Tables.read(shell.path("a.hdf5")), try Tables.read(shell.path("c.hdf5")))
      #expect(a.count > 50 && a.frame == c.frame)
      #expect(zip(a[.x]!, c[.x]!).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(c.provenance.map(\.action) == ["localize", "convert", "convert"])
    }
  }

  /// Tables whose frame numbers start at another number than usual for their kind.
  @Test func firstFrame() throws {
    try inShell { shell in
      let rows = { (first: Int) in
        "frame,x [nm],y [nm]\\n\(first),3000,3000\\n\(first + 1),4000,3000\\n"
      }
      try shell.sh("printf '\(rows(0))' > zero.csv; printf '\(rows(1))' > one.csv").expectSuccess()
      for line in [
        "convert zero.csv a.hdf5 --pixel-size 100",
        "evaluate zero.csv one.csv --pixel-size 100 --border 0",
        "convert zero.csv a.hdf5 --pixel-size 100 --first-frame 99999999999999",
      ] {
        #expect(try shell.sh("\"$GLINT\" \(line)").status == 2, "\(line)")
      }
      try shell.glint("convert", "zero.csv", "a.hdf5", "--pixel-size", "100", "--first-frame", "0")
        .expectSuccess()
      #expect(try Tables.read(shell.path("a.hdf5")).frame == [0, 1])
      for (locs, truth, option) in [
        ("zero.csv", "one.csv", "--first-frame"), ("one.csv", "zero.csv", "--truth-first-frame"),
      ] {
        let program = try shell.sh(
          "\"$GLINT\" evaluate \(locs) \(truth) --pixel-size 100 --border 0 \(option) 0 "
            + "--minimum-jaccard 100")
        #expect(program.status == 0, "\(program.output)\(program.errors)")
      }
    }
  }

  @Test func devicesAndParity() throws {
    try inShell { shell in
      let devices = try shell.glint("devices", "--json")
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(devices.output.utf8)) as? [[String: Any]])
      #expect(list.first?["name"] as? String == "cpu")
      let parity = try shell.glint(
        "parity", "calibrate", "--device", "cpu:baseline", "--tiny", "-v")
      parity.expectSuccess()
      #expect(parity.output.contains(" passed, 0 failed"))
    }
  }

  @Test func profile() throws {
    try inShell { shell in
      try shell.makeMovie()
      let program = try shell.glint("profile", "movie.tif", "--device", "cpu", "--json")
      program.expectSuccess()
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
      let ops = try #require(report["profile"] as? [[String: Any]]).compactMap {
        $0["op"] as? String
      }
      #expect(ops.contains { $0.hasPrefix("fit") })
      let table = try shell.glint("profile", "--frames-count", "8", "--device", "cpu", "--explain")
      #expect(table.status == 0 && table.output.contains("µs/frame"))
    }
  }

  @Test func demo() throws {
    try inShell { shell in
      let program = try shell.glint("demo", "--frames", "60", "--device", "cpu")
      program.expectSuccess()
      #expect(program.output.contains("Jaccard") && program.output.contains("frames/s"))
      let found = try FileManager.default.contentsOfDirectory(atPath: shell.path("glint-demo"))
      for name in ["movie.tif", "truth.csv", "locs.csv", "locs.hdf5", "locs.yaml", "locs.png"] {
        #expect(found.contains(name))
      }
      #expect(try shell.glint("demo", "--frames", "60", "-q").status == 2)
      try shell.glint("demo", "--frames", "60", "-q", "--force", "--device", "cpu").expectSuccess()
    }
  }

  /// Memory does not grow with the movie: parts of one that is larger than 4 GB.
  @Test func memory() throws {
    try inShell { shell in
      try writeMovie(shell.path("part.tif"), frames: 2, width: 256, height: 256)
      try writeSparseStack(
        shell.path("part.tif"), to: shell.path("long.tif"), frames: 40_000, frameBytes: 1 << 17,
        last: true)
      var ranges = ["19900:20100", "39800:40000"]
      if ProcessInfo.processInfo.environment["GLINT_SLOW"] != nil { ranges.append("0:40000") }
      for range in ranges {
        let program = try shell.glint(
          "localize", "long.tif", "-o", "a.csv", "--json", "r.json", "--force", "--device", "cpu",
          "--offset", "100", "--gain", "2", "--pixel-size", "100", "--frames", range)
        let report = try shell.json("r.json")
        let peak = try #require(report["peak_memory_bytes"] as? Int)
        #expect(peak < 400 << 20, "\(range): \(peak >> 20) MiB")
        let frames = Set(try Tables.read(shell.path("a.csv")).frame)
        // Molecules are in the first two frames and in the last only.
        #expect(
          frames
            == (range.hasPrefix("19900") ? [] : range.hasPrefix("0") ? [0, 1, 39_999] : [39_999]))
        #expect(program.status == (frames.isEmpty ? 1 : 0), "\(program.errors)")
      }
    }
  }
}
