import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting
import TestSupport
import Testing
import Workflow

/// Localization by a network, in the same run as the classical path.
@Suite struct NetworkRunTests {
  /// Weights of a small DECODE, seeded, with the units of its numbers.
  private func decode(
    in folder: URL, features: Int = 4, layout: DECODE.Layout = .authors
  ) throws -> Recipe {
    var system = DECODE()
    system.layout = layout
    system.features = features
    system.scaling = InputScaling(scale: 0.01, shift: -0.2)
    system.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
    return try recipe(system, in: folder)
  }

  private func recipe(_ system: any NetworkSystem, in folder: URL) throws -> Recipe {
    let model = try Model(system, system.network.randomWeights(seed: 6))
    let path = folder.appendingPathComponent("weights.safetensors").path
    try SafeTensors.write(try model.file, to: path)
    var recipe = Recipe()
    recipe.network = NetworkSettings(weights: path)
    recipe.pixelSize = 100
    recipe.camera = Camera(offset: 100, gain: 2)
    return recipe
  }

  /// Rows are the emitters in the network's map, in the table's units.
  @Test(arguments: [DECODE.Layout.authors, .paper])
  func rowsAreTheMapsEmitters(_ layout: DECODE.Layout) throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      var recipe = try decode(in: folder, layout: layout)
      recipe.network?.threshold = 0.8
      let own = try localize(movie, recipe, batch: 5)
      #expect(own.table.count > 50 && own.notes.isEmpty)
      #expect(
        own.table.quantities.map(\.name) == [
          "x", "y", "z", "photons", layout == .authors ? "background" : "pixel_photons", "x_error",
          "y_error", "z_error", "photons_error", "probability",
        ])
      // The last channel of the paper's program is trained on 10 times the emitters' light.
      let light =
        layout == .authors
        ? (Quantity.background, 200.0) : (Quantity("pixel_photons", .photonPerPixel), 500.0)
      let model = try #require(recipe.network).model()
      let info = movie.info
      var pixels = [UInt16](repeating: 0, count: info.frames * info.width * info.height)
      pixels.withUnsafeMutableBytes { movie.read(0..<info.frames, into: $0) }
      let tiled = try TiledNetwork(
        model, batch: info.frames, height: info.height, width: info.width, on: CPUDevice())
      let frames = pixels.map { layout == .authors ? (Float($0) - 100) * 0.5 : Float($0) }
      let map = try tiled.image(frames).values
      for row in own.table.frame.indices {
        func value(_ quantity: Quantity) -> Double { own.table[quantity]![row] }
        let frame = own.table.frame[row]
        // An offset is in [−1, 1]; the ends are possible because tanh rounds to them.
        let near = (-1...1).flatMap { v in (-1...1).map { (v, $0) } }
        let matches = near.contains { v, u in
          let (x, y) = (Int(value(.x).rounded(.down)) + u, Int(value(.y).rounded(.down)) + v)
          guard (0..<info.width).contains(x), (0..<info.height).contains(y) else { return false }
          let place = ((frame * info.height + y) * info.width + x) * 10
          let lateral = layout == .authors ? (3, 2) : (2, 3)
          let expected: [(Double, Double, Double)] = [
            (Double(x) + map[place + lateral.0], value(.x), 1),
            (Double(y) + map[place + lateral.1], value(.y), 1),
            (map[place + 4] * 900, value(.z), 900),
            (map[place + 1] * 5000, value(.photons), 5000),
            (map[place + 9] * light.1, value(light.0), light.1),
            (map[place + 5] * 5000, value(.photonsError), 5000),
            (map[place + lateral.0 + 4], value(.xError), 1),
            (map[place + lateral.1 + 4], value(.yError), 1),
            (map[place + 8] * 900, value(.zError), 900),
          ]
          // Eight times the error of plain sums in single precision: see `ListTests`.
          return expected.allSatisfy { abs($0 - $1) < 1e-3 * $2 }
        }
        #expect(matches, "row \(row)")
        #expect((0.8...1).contains(value(.probability)))
      }
      #expect(zip(own.table.frame, own.table.frame.dropFirst()).allSatisfy { $0 <= $1 })
    }
  }

  /// Batch size, tiles and room for emitters change no row. If there are more emitters than room,
  /// the batch is computed again, and none is lost.
  @Test func batchesAndRoomChangeNothing() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      let recipe = try decode(in: folder)
      let own = try localize(movie, recipe, batch: 24)
      // A batch has room for at least a 64th of its pixels; here there are more emitters.
      #expect(own.report.fits == own.table.count)
      #expect(own.table.count > 24 * 56 * 48 / 64, "\(own.table.count)")
      for (batch, capacity) in [(1, 64), (5, 1), (8, 1), (24, 1)] {
        let other = try localize(movie, recipe, batch: batch, capacity: capacity)
        #expect(other.table.count == own.table.count, "\(batch), \(capacity)")
        #expect(other.table.frame == own.table.frame)
        for quantity in own.table.quantities {
          let pairs = zip(own.table[quantity]!, other.table[quantity]!)
          let limit = quantity.unit == .photon ? 1.0 : 1e-2
          #expect(pairs.allSatisfy { abs($0 - $1) < limit }, "\(quantity.name)")
        }
      }
    }
  }

  /// One executable processes all batches of a movie, including its ends. If there was too little
  /// room, one more is made, however much more is needed.
  @Test func oneExecutableServesAMovie() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      var recipe = try decode(in: folder)
      recipe.network?.threshold = 0.999
      let few = CountingDevice()
      let room = 56 * 48
      #expect(try localize(movie, recipe, on: few, batch: 5, capacity: room).table.count > 0)
      #expect(few.compiled == 1)
      recipe.network?.threshold = 1e-3
      let many = CountingDevice()
      let rows = try localize(movie, recipe, on: many, batch: 5, capacity: 1).table
      #expect(rows.count > 24 * 56 * 48 / 64 && many.compiled == 2)
    }
  }

  /// A movie shorter than the window, or than a batch: its first and last frames are repeated.
  @Test(arguments: [DECODE.Layout.authors, .paper])
  func fewFrames(_ layout: DECODE.Layout) throws {
    try withScratchFolder { folder in
      var recipe = try decode(in: folder, layout: layout)
      recipe.network?.threshold = 0.5
      for frames in 1...3 {
        let movie = try smallMovie(frames: frames)
        let own = try localize(movie, recipe)
        #expect(Set(own.table.frame) == Set(0..<frames))
        for batch in 1...2 {
          #expect(try localize(movie, recipe, batch: batch).table.frame == own.table.frame)
        }
      }
    }
  }

  @Test func aRegionCountsFromTheMoviesFirstPixel() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      let recipe = try self.recipe(FIDSTORM(), in: folder)
      let region = PixelRegion(x: 8, y: 4, width: 40, height: 40)
      let part = try localize(movie, recipe, frames: 3..<9, region: region)
      #expect(part.table.count > 20)
      #expect(part.table.quantities.map(\.name) == ["x", "y", "score"])
      #expect(part.table.frame.allSatisfy { (3..<9).contains($0) })
      #expect(part.table[.x]!.allSatisfy { (7..<48.5).contains($0) })
      #expect(part.table[.y]!.allSatisfy { (3..<44.5).contains($0) })
      #expect(part.table[.x]!.contains { $0 > 40 })
    }
  }

  @Test(arguments: UnwellDevice.Call.allCases, [1, 3])
  func failingDevice(_ call: UnwellDevice.Call, time: Int) throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      let recipe = try decode(in: folder)
      let own = try localize(movie, recipe, batch: 4)
      let other = try localize(
        movie, recipe, on: UnwellDevice(at: call, time: time), batch: 4)
      #expect(other.table.count == own.table.count && other.table.frame == own.table.frame)
      if call != .compile || time == 1 {
        #expect(other.notes.count == 1, "\(other.notes)")
        #expect(other.report.device.hasPrefix("cpu:"))
      }
    }
  }

  /// A value that is not a number gives an error with its frame of the movie.
  @Test func notNumbers() throws {
    try withScratchFolder { folder in
      let movie = try EditedMovie(smallMovie(), floating: true)
      let recipe = try decode(in: folder)
      #expect(try localize(movie, recipe).table.count > 0)
      movie.floats[13 * 56 * 48 + 77] = .nan
      for batch in [4, 24] {
        let error = #expect(throws: NetworkError.self) {
          try localize(movie, recipe, batch: batch)
        }
        #expect(error?.description.contains("frame 13 contains a NaN") == true, "\(error as Any)")
      }
    }
  }

  @Test func networksThatFindNothingAreRefused() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      for system in [DEFCoN(), SpeNet()] as [any NetworkSystem] {
        let recipe = try self.recipe(system, in: folder)
        let error = #expect(throws: NetworkError.self) { try localize(movie, recipe) }
        #expect(error?.description.contains("does not produce localizations") == true)
      }
      var unscaled = DECODE()
      unscaled.features = 4
      let recipe = try self.recipe(unscaled, in: folder)
      let error = #expect(throws: NetworkError.self) { try localize(movie, recipe) }
      #expect(error?.description.contains("state what a result of 1 means") == true)
    }
  }

  @Test func resolvedRecipesSayEverything() throws {
    try withScratchFolder { folder in
      let given = try decode(in: folder)
      let recipe = try given.resolved(given.model())
      #expect(recipe.network?.name == "decode" && recipe.network?.threshold == 0.5)
      #expect(recipe.network?.settings?.contains(#""z":900"#) == true)
      let again = try Recipe(yaml: recipe.yaml())
      #expect(again == recipe)
      #expect(try again.resolved(again.model()) == recipe)
    }
  }

  /// A run reads its weights once: settings and workers use the same model.
  @Test func aModelThatWasReadIsNotReadAgain() throws {
    try withScratchFolder { folder in
      let recipe = try decode(in: folder)
      let model = try #require(try recipe.model())
      try FileManager.default.removeItem(atPath: try #require(recipe.network).weights)
      #expect(throws: WeightError.self) { try recipe.model() }
      let movie = try smallMovie()
      let region = try recipe.region(in: movie.info)
      let pipeline = try recipe.resolved(model)
        .stage(nil, model: model, for: region, in: movie.info)
      #expect(pipeline.quantities.count == 10)
    }
  }

  @Test func settingsFiles() throws {
    try withScratchFolder { folder in
      func file(_ text: String) throws -> String {
        let path = folder.appendingPathComponent("settings.yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
      }
      let settings = try NetworkSettingsFile.read(
        try file(
          """
          Camera: {baseline: 100}
          Scaling:
            input_scale: 50.0
            input_offset: 10
            phot_max: 8000.5
            z_max: 900
            bg_max: 120
          """))
      let system = try DECODE().with(settings: settings)
      #expect(system.scaling == InputScaling(scale: 0.02, shift: -0.2))
      #expect(system.results == DECODE.ResultScale(photons: 8000.5, z: 900, background: 120))
      let dilations = try NetworkSettingsFile.read(try file("dilations: [1, 2, 4, 1, 1]"))
      #expect(try DeepSTORM3D().with(settings: dilations).dilations == [1, 2, 4, 1, 1])
      for (text, words) in [
        ("Scaling: {input_scale: 50}", "no `Scaling.input_offset`"),
        ("Scaling: {input_scale: 0, input_offset: 1}", "no `Scaling.input_scale`"),
        ("- 1\n- 2", "contains no settings"), ("a: [", "contains no settings"), ("", "no settings"),
      ] {
        let error = #expect(throws: SettingsError.self) {
          try NetworkSettingsFile.read(try file(text))
        }
        #expect(error?.description.contains(words) == true, "\(error as Any)")
      }
      #expect(throws: SettingsError.self) { try NetworkSettingsFile.read("/nowhere/at/all") }
    }
  }

  /// Fields of DECODE's releases and its later program in addition to the scaling.
  @Test func trainingsOfDECODE() throws {
    try withScratchFolder { folder in
      func read(_ text: String) throws -> String {
        let path = folder.appendingPathComponent("param_run.yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try NetworkSettingsFile.read(path)
      }
      let flat =
        "Scaling: {input_scale: 50, input_offset: 10, phot_max: 8000, z_max: 900, bg_max: 120}"
      let nested = """
        Camera: {0: {baseline: 100, mirror_dim: null}}
        Scaling:
          input: {frame: {offset: 10, scale: 50.0}, aux: {offset: null, scale: null}}
          output: {phot: {max: 8000}, z: {max: 900}, bg: {max: 120}}
        Model: {backbone_specs: {activation: ELU, norm: null, upsample_mode: bilinear}}
        """
      let arch =
        "\nHyperParameter: {arch_param: {activation: nn.ELU(), upsample_mode: nearest, norm: null}}"
      // Anchors, as PyYAML writes a list that occurs twice.
      let twice = "\nSimulation: {emitter_extent: &id001 [1, 2], psf_extent: *id001}"
      let system = try DECODE().with(settings: try read(flat + arch + twice))
      #expect(system.scaling == InputScaling(scale: 0.02, shift: -0.2) && !system.bilinear)
      let later = try DECODE().with(settings: try read(nested))
      #expect(later.scaling == system.scaling && later.results == system.results && later.bilinear)
      for text in ["3", "[3]"] {
        let planar = try read(flat + "\nHyperParameter: {disabled_attributes: \(text)}")
        #expect(try DECODE().with(settings: planar).disabled == [3])
      }
      for (text, words) in [
        (
          flat + "\nHyperParameter: {arch_param: {activation: nn.ReLU()}}", "activation `nn.ReLU()`"
        ),
        (flat + "\nHyperParameter: {arch_param: {norm: GroupNorm}}", "the norm `GroupNorm`"),
        (flat + "\nHyperParameter: {arch_param: {upsample_mode: cubic}}", "upsample_mode `cubic`"),
        (flat + "\nCamera: {mirror_dim: -1}", "mirror frames (`mirror_dim` -1)"),
        ("Camera: {0: {mirror_dim: -2}}\n" + flat, "mirror frames (`mirror_dim` -2)"),
        ("Scaling: {input: {frame: {scale: 2}}}", "no `Scaling.input.frame.offset`"),
      ] {
        let error = #expect(throws: SettingsError.self) { try read(text) }
        #expect(error?.description.contains(words) == true, "\(error as Any)")
      }
    }
  }

  @Test func aliasesOfAliasesAreNotFollowed() throws {
    try withScratchFolder { folder in
      var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
      for level in 1...12 {
        let before = "*a\(level - 1)"
        text +=
          "a\(level): &a\(level) [\(Array(repeating: before, count: 10).joined(separator: ", "))]\n"
      }
      // Many levels of few, and two levels of many.
      let leaves = Array(repeating: "x", count: 90_000).joined(separator: ", ")
      let twice = Array(repeating: "*a", count: 90_000).joined(separator: ", ")
      for text in [text, "a: &a [\(leaves)]\nb: [\(twice)]\n"] {
        let path = folder.appendingPathComponent("bomb.yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: SettingsError.self) { try NetworkSettingsFile.read(path) }
        #expect(error?.description.contains("contains no settings") == true)
      }
    }
  }
}

/// A CPU that counts what it compiles.
private final class CountingDevice: Device, @unchecked Sendable {
  private let base = CPUDevice(threads: 2)
  private(set) var compiled = 0
  var info: DeviceInfo { base.info }

  var heldBytes: Int { base.heldBytes }

  func store(_ values: ParameterValues) throws -> any ParameterStore { try base.store(values) }

  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    compiled += 1
    return try base.compile(plan, store: store, profiling: profiling)
  }
}
