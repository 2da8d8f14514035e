import Formats
import Foundation
import Microscopy
import Networks
import TestSupport
import Testing

/// Networks on the command line, with our own small seeded weights.
@Suite struct NetworkVerbTests {
  private func write(_ system: any NetworkSystem, to path: String) throws {
    let model = try Model(system, system.network.randomWeights(seed: 6))
    try SafeTensors.write(try model.file, to: path)
  }

  private func smallDECODE(scaled: Bool = true) -> DECODE {
    var system = DECODE()
    system.features = 4
    guard scaled else { return system }
    system.scaling = InputScaling(scale: 0.01, shift: -0.2)
    system.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
    return system
  }

  @Test func networks() throws {
    try inShell { shell in
      let all = try shell.glint("networks", "--device", "cpu")
      all.expectSuccess()
      for name in ["deep-storm", "fid-storm", "decode", "deepstorm3d", "spenet", "defcon"] {
        #expect(all.output.contains("\(name): "))
      }
      #expect(all.output.contains("2199418 parameters"))
      try shell.sh(
        "\"$GLINT\" networks --network decode --size 64x40 --json --device cpu > n.json"
      ).expectSuccess()
      let networks = try #require(try shell.json("n.json")["networks"] as? [[String: Any]])
      let memory = try #require(networks[0]["memory"] as? [String: Any])
      #expect(memory["width"] as? Int == 64 && memory["height"] as? Int == 40)
      #expect(networks.count == 1 && networks[0]["frames"] as? Int == 3)
      #expect((networks[0]["outputs"] as? [String])?.count == 10)
      // Weights: identification, check, and conversion to another file.
      try write(smallDECODE(), to: shell.path("w.safetensors"))
      let held = try shell.glint("networks", "--weights", "w.safetensors", "-o", "w.onnx")
      held.expectSuccess()
      #expect(held.output.contains("states decode") && held.output.contains("fits decode"))
      try shell.glint("networks", "--weights", "w.onnx", "-o", "again.safetensors").expectSuccess()
      try shell.sh("cmp w.safetensors again.safetensors").expectSuccess()
      // Into the same name only with --force; no network, no file.
      let taken = try shell.glint("networks", "--weights", "w.onnx", "-o", "w.onnx")
      #expect(taken.status == 2 && taken.errors.contains("w.onnx exists"))
      try SafeTensors.write(Weights([:]), to: shell.path("none.safetensors"))
      let none = try shell.glint("networks", "--weights", "none.safetensors")
      #expect(none.status == 1 && none.output.contains("fits no network"))
    }
  }

  @Test func localize() throws {
    try inShell { shell in
      try shell.makeMovie()
      try write(smallDECODE(), to: shell.path("w.safetensors"))
      let program = try shell.glint(
        "localize", "movie.tif", "--weights", "w.safetensors", "-o", "a.csv", "-o", "a.hdf5",
        "--json", "r.json", "--device", "cpu", "--offset", "100", "--gain", "2", "--pixel-size",
        "107.5", "--threshold", "0.8")
      program.expectSuccess()
      let report = try shell.json("r.json")
      for name in ["a.csv", "a.hdf5"] {
        let table = try Tables.read(shell.path(name))
        #expect(table.count == report["localizations"] as? Int && table.count > 20)
        for quantity in [Quantity.z, .zError, .photonsError, .probability] {
          #expect(table[quantity] != nil, "\(name) lacks \(quantity.name)")
        }
        let step = try #require(table.provenance.last)
        #expect(step.settings["network"] == "decode")
        #expect(step.settings["weights"] == "w.safetensors")
        let recipe = try #require(step.settings["recipe"])
        #expect(recipe.contains("threshold: 0.8 ") && recipe.contains("photons"))
        #expect(step.device?.hasPrefix("cpu: ") == true && step.version == glintVersion)
      }
      // The recipe of a table gives the same table.
      let step = try #require(try Tables.read(shell.path("a.csv")).provenance.last)
      try #require(step.settings["recipe"]).write(
        toFile: shell.path("r.yaml"), atomically: true, encoding: .utf8)
      try shell.glint(
        "localize", "movie.tif", "--recipe", "r.yaml", "-o", "b.csv", "--device", "cpu"
      )
      .expectSuccess()
      try shell.sh("cmp a.csv b.csv").expectSuccess()
      try shell.glint("render", "a.hdf5", "-o", "a.png").expectSuccess()
      // Peaks of a map.
      try write(FIDSTORM(), to: shell.path("f.safetensors"))
      try shell.glint("localize", "movie.tif", "--weights", "f.safetensors", "-o", "f.csv")
        .expectSuccess()
      #expect(try Tables.read(shell.path("f.csv"))[.score] != nil)
      let nothing = try shell.glint(
        "localize", "movie.tif", "--weights", "f.safetensors", "-o", "g.csv", "--threshold", "9999")
      #expect(nothing.status == 1 && nothing.errors.contains("hint: lower --threshold"))
      for (option, value) in [("--detector", "dog"), ("--box", "9"), ("--sigma", "fixed")] {
        let refused = try shell.glint(
          "localize", "movie.tif", "--weights", "f.safetensors", "-o", "h.csv", option, value)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("\(option) applies to spot fitting"))
      }
    }
  }

  /// A frame too large for its memory is cut into tiles, and the rows are the same.
  @Test func tiles() throws {
    try inShell { shell in
      try writeMovie(shell.path("movie.tif"), frames: 3, width: 150, height: 130)
      try write(FIDSTORM(), to: shell.path("f.safetensors"))
      func localize(_ memory: Int, _ name: String) throws -> Localizations {
        try shell.glint(
          "localize", "movie.tif", "--weights", "f.safetensors", "-o", name, "--memory",
          "\(memory)",
          "--device", "cpu", "--threads", "2", "--threshold", "0.05"
        ).expectSuccess()
        return try Tables.read(shell.path(name))
      }
      let (whole, tiled) = try (localize(1024, "a.csv"), localize(20, "b.csv"))
      #expect(whole.count > 100 && abs(whole.count - tiled.count) * 100 < whole.count)
      try shell.sh(
        "\"$GLINT\" networks --network fid-storm --size 150x130 --memory 20 --threads 2 "
          + "--device cpu --json > n.json"
      ).expectSuccess()
      let networks = try #require(try shell.json("n.json")["networks"] as? [[String: Any]])
      let memory = try #require(networks[0]["memory"] as? [String: Any])
      #expect(try #require(memory["tiles"] as? Int) > 1)
      #expect(try #require(memory["run"] as? Int) <= 20 << 20)
    }
  }

  @Test func images() throws {
    try inShell { shell in
      try shell.makeMovie()
      try write(FIDSTORM(), to: shell.path("f.safetensors"))
      try shell.glint(
        "infer", "movie.tif", "--weights", "f.safetensors", "-o", "maps.tif", "--pixel-size", "100",
        "--frames", "2:7", "--json", "r.json"
      ).expectSuccess()
      #expect(try shell.json("r.json")["frames"] as? Int == 5)
      let maps = try Movies.open(shell.path("maps.tif"))
      #expect(maps.info.frames == 5 && maps.info.width == 448 && maps.info.height == 384)
      #expect(maps.info.pixel == .float32)
      #expect(abs(try #require(maps.info.pixelSize) - 12.5) < 1e-4)
      try shell.glint(
        "infer", "movie.tif", "--weights", "f.safetensors", "-o", "sum.tif", "--sum", "--frames",
        "2:7"
      ).expectSuccess()
      var sum = [Float](repeating: 0, count: 448 * 384)
      var frame = sum
      for index in 0..<5 {
        try frame.withUnsafeMutableBytes { try maps.read(index..<index + 1, into: $0) }
        for place in sum.indices { sum[place] += max(frame[place], 0) }
      }
      let total = try Movies.open(shell.path("sum.tif"))
      try frame.withUnsafeMutableBytes { try total.read(0..<1, into: $0) }
      #expect(total.info.frames == 1 && zip(frame, sum).allSatisfy { abs($0 - $1) < 1e-3 })
      for name in ["maps.tif", "sum.tif"] {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: shell.path(name)))
        for words in ["fid-storm", glintVersion, "cpu", "recipe"] {
          #expect(bytes.range(of: Data(words.utf8)) != nil, "\(name) lacks \(words)")
        }
      }
      // Channels as pages; another result than the first.
      try write(smallDECODE(), to: shell.path("w.safetensors"))
      try shell.glint("infer", "movie.tif", "--weights", "w.safetensors", "-o", "d.tif")
        .expectSuccess()
      // Ten channels of 24 frames.
      #expect(try Movies.openAll(shell.path("d.tif")).info.frames == 240)
      // Weights that do not state the scaling of frames, for any unit of frames.
      var paper = smallDECODE()
      paper.layout = .paper
      paper.scaling = InputScaling()
      try write(paper, to: shell.path("p.safetensors"))
      let unscaled = try shell.glint(
        "infer", "movie.tif", "--weights", "p.safetensors", "-o", "p.tif")
      #expect(unscaled.status == 2 && unscaled.errors.contains("state how frames are scaled"))
      try write(DEFCoN(), to: shell.path("c.safetensors"))
      try shell.glint(
        "infer", "movie.tif", "--weights", "c.safetensors", "-o", "c.tif", "--result",
        "segmentation"
      ).expectSuccess()
      #expect(try Movies.open(shell.path("c.tif")).info.frames == 24)
    }
  }

  @Test func classes() throws {
    try inShell { shell in
      try write(SpeNet(), to: shell.path("s.safetensors"))
      try writeMovie(shell.path("crops.tif"), frames: 9, width: 201, height: 7)
      try shell.glint("infer", "crops.tif", "--weights", "s.safetensors", "-o", "s.csv")
        .expectSuccess()
      let sum = try shell.glint(
        "infer", "crops.tif", "--weights", "s.safetensors", "-o", "sum.csv", "--sum")
      #expect(sum.status == 2 && sum.errors.contains("classes, which cannot be summed"))
      let lines = try String(contentsOfFile: shell.path("s.csv"), encoding: .utf8)
        .split(separator: "\n")
      // The header is the first line, as pandas expects; the provenance lies beside the table.
      #expect(lines.count == 10 && lines[0] == "crop,class,AF647,CF660C,CF680")
      let notes = try #require(try shell.json("s-protocol.txt")["steps"] as? [[String: Any]])
      #expect(notes.first?["version"] as? String == glintVersion)
      for (crop, line) in lines.dropFirst().enumerated() {
        let cells = line.split(separator: ",")
        #expect(cells[0] == "\(crop)" && cells.count == 5)
        let sum = cells[2...].reduce(0.0) { $0 + (Double($1) ?? .nan) }
        #expect(abs(sum - 1) < 1e-5)
      }
      // Crops around the rows of a table; those that leave the frame have no class.
      try writeMovie(shell.path("movie.tif"), frames: 2, width: 230, height: 40)
      var table = Localizations(
        field: FieldOfView(width: 230, height: 40, frames: 2, pixelSize: 100))
      table.frame = [1, 0, 0, 5]
      table[.x] = [100, 110, 3, 100]
      table[.y] = [10, 20, 20, 20]
      try Tables.write(table, to: shell.path("locs.csv"))
      let program = try shell.glint(
        "infer", "movie.tif", "--weights", "s.safetensors", "--table", "locs.csv", "--shift",
        "5,-2",
        "-o", "classes.csv")
      program.expectSuccess()
      #expect(program.errors.contains("2 of 4 crops are outside the movie"))
      let classes = try Tables.read(shell.path("classes.csv"))
      #expect(classes.count == 4 && classes[.x] == [100, 110, 3, 100])
      #expect(classes[Quantity("class", .none)]?[2] == -1)
      #expect((classes[Quantity("p_AF647", .none)]?[0]).map { (0...1).contains($0) } == true)
    }
  }

  /// Frames of any size, constant frames, frames that are not numbers.
  @Test func frames() throws {
    try inShell { shell in
      try write(smallDECODE(), to: shell.path("w.safetensors"))
      try write(FIDSTORM(), to: shell.path("f.safetensors"))
      for (width, height) in [(1, 1), (1, 5), (3, 2), (5, 1), (13, 17), (17, 13)] {
        let writer = try TIFFMovieWriter(
          path: shell.path("tiny.tif"), width: width, height: height, pixelSize: 100,
          overwrite: true)
        for frame in 0..<3 {
          try writer.append((0..<width * height).map { UInt16(100 + $0 * 37 % 90 + frame) })
        }
        try writer.finish()
        for weights in ["w", "f"] {
          let found = try shell.glint(
            "localize", "tiny.tif", "--weights", "\(weights).safetensors", "-o", "t.csv", "--force")
          #expect(found.status <= 1, "\(width)×\(height): \(found.errors)")
          try shell.glint(
            "infer", "tiny.tif", "--weights", "\(weights).safetensors", "-o", "t.tif", "--force"
          ).expectSuccess()
        }
      }
      func writeFrames(_ pixels: [Float]) throws {
        let writer = try TIFFMovieWriter(
          path: shell.path("odd.tif"), width: 8, height: 8, pixel: .float32, pixelSize: 100,
          overwrite: true)
        try pixels.withUnsafeBytes { try writer.append($0) }
        try writer.finish()
      }
      try writeFrames([Float](repeating: 50, count: 128))
      for weights in ["w", "f"] {
        let constant = try shell.glint(
          "localize", "odd.tif", "--weights", "\(weights).safetensors", "-o", "o.csv", "--force")
        #expect(constant.status <= 1, "\(constant.errors)")
      }
      try writeFrames((0..<192).map { $0 == 150 ? .nan : Float($0) })
      for verb in [
        "localize odd.tif -o n.csv", "infer odd.tif -o n.tif", "infer odd.tif --sum -o n.tif",
      ] {
        let program = try shell.sh("\"$GLINT\" \(verb) --weights f.safetensors")
        #expect(program.status == 2, "\(verb)")
        #expect(program.errors.contains("frame 2 contains a NaN"), "\(program.errors)")
        #expect(!(try shell.files).contains { $0.hasPrefix("n.") || $0.hasPrefix(".n") })
      }
    }
  }

  @Test func refusals() throws {
    try inShell { shell in
      try shell.makeMovie()
      try write(smallDECODE(), to: shell.path("w.safetensors"))
      try write(smallDECODE(scaled: false), to: shell.path("u.safetensors"))
      try write(SpeNet(), to: shell.path("s.safetensors"))
      try write(DEFCoN(), to: shell.path("c.safetensors"))
      let whole = try Data(contentsOf: URL(fileURLWithPath: shell.path("w.safetensors")))
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: shell.path("cut.st")))
      try Data("not weights at all".utf8).write(to: URL(fileURLWithPath: shell.path("no.st")))
      // A pickle that asks to run a program.
      try Data("\u{80}\u{2}cposix\nsystem\nU\u{2}idR.".unicodeScalars.map { UInt8($0.value) })
        .write(to: URL(fileURLWithPath: shell.path("evil.pkl")))
      try SafeTensors.write(
        FIDSTORM().network.randomWeights(seed: 1), to: shell.path("bare.safetensors"))
      try shell.sh("echo '{\"wings\": 2}' > wings.json; echo '- 1' > list.yaml").expectSuccess()
      let before = try shell.files
      for (line, words) in [
        ("localize movie.tif -o a.csv --network unet --weights w.safetensors", "no network `unet`"),
        ("localize movie.tif -o a.csv --network decode", "decode needs weights"),
        ("localize movie.tif -o a.csv --weights none.st", "none.st cannot be read"),
        ("localize movie.tif -o a.csv --weights cut.st --network decode", "cut.st"),
        (
          "localize movie.tif -o a.csv --weights no.st --network decode",
          "is not a known format of weights"
        ),
        ("localize movie.tif -o a.csv --weights evil.pkl --network decode", "evil.pkl"),
        ("localize movie.tif -o a.csv --weights bare.safetensors", "does not state its network"),
        ("localize movie.tif -o a.csv --weights bare.safetensors --network decode", "no tensor"),
        ("localize movie.tif -o a.csv --weights w.safetensors --network deep-storm", "no tensor"),
        ("localize movie.tif -o a.csv --weights u.safetensors", "what a result of 1 means"),
        (
          "localize movie.tif -o a.csv --weights s.safetensors",
          "spenet does not produce localizations"
        ),
        (
          "localize movie.tif -o a.csv --weights c.safetensors",
          "defcon does not produce localizations"
        ),
        ("localize movie.tif -o a.csv --weights w.safetensors --memory 0", "memory of 0 MiB"),
        ("localize movie.tif -o a.csv --weights w.safetensors --threshold -1", "threshold -1"),
        (
          "localize movie.tif -o a.csv --weights w.safetensors --network-settings wings.json",
          "there is no `wings`"
        ),
        (
          "localize movie.tif -o a.csv --weights w.safetensors --network-settings list.yaml",
          "contains no settings"
        ),
        ("localize movie.tif -o a.csv --memory 5", "require --network"),
        ("localize movie.tif -o w.safetensors --weights w.safetensors --force", "w.safetensors"),
        (
          "localize movie.tif -o a.csv --weights w.safetensors --json w.safetensors --force",
          "is an input of this run"
        ),
        ("infer movie.tif -o a.tif", "no network is given"),
        ("infer movie.tif -o a.png --weights w.safetensors", "cannot hold images"),
        ("infer movie.tif -o a.csv --weights w.safetensors", "cannot hold images"),
        ("infer movie.tif -o a.tif --weights u.safetensors", "what a result of 1 means"),
        ("infer movie.tif -o a.tif --weights c.safetensors --result x", "no output `x`"),
        ("infer movie.tif -o a.csv --weights s.safetensors", "it is 48×56 pixels, not 7×201"),
        ("infer movie.tif -o a.tif --weights s.safetensors", "cannot hold classes"),
        ("infer movie.tif -o movie.tif --weights c.safetensors --force", "an input of this run"),
        ("infer movie.tif -o a.csv --weights s.safetensors --table none.csv", "none.csv"),
        ("infer movie.tif -o a.csv --weights s.safetensors --shift 1,2", "--shift requires"),
        ("infer none.tif -o a.tif --weights c.safetensors", "none.tif"),
        ("networks --size 0x5", "--size"), ("networks --network unet", "no network `unet`"),
        ("networks -o a.onnx", "-o requires --weights"),
        ("networks --weights w.safetensors -o a.txt", "neither .onnx nor .safetensors"),
        ("networks --weights cut.st", "cut.st"), ("networks --weights none.st", "none.st"),
        ("networks --weights w.safetensors --network fid-storm", "no tensor"),
      ] {
        let program = try shell.sh("\"$GLINT\" \(line)")
        #expect(program.status == 2, "\(line): \(program.output)\(program.errors)")
        #expect(program.output.isEmpty && program.complaint.hasPrefix("error: "), "\(line)")
        #expect(program.errors.contains(words), "\(line): \(program.errors)")
        #expect(try shell.files == before, "\(line) left something")
      }
      let small = try shell.glint(
        "localize", "movie.tif", "-o", "a.csv", "--weights", "w.safetensors", "--memory", "1")
      #expect(small.status == 2 && small.errors.contains("the receptive field of decode"))
      #expect(try shell.files == before)
    }
  }
}
