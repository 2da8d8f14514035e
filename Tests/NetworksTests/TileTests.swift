import Compute
import Reporting
import Testing

@testable import Networks

/// Frames of any size, tiles, movies in batches.
@Suite struct TileTests {
  @Test(
    arguments: [(1, nil), (5, nil), (17, 8), (64, 24), (61, 24), (48, 48), (49, 48)]
      as [(Int, Int?)])
  func tilesCoverAnAxisOnce(_ length: Int, _ tile: Int?) throws {
    let tiling = try #require(
      Tiling(length: length, tile: tile, halo: 3, alignment: 4)
        ?? Tiling(length: length, tile: 3 * (tile ?? 8), halo: 3, alignment: 4))
    #expect(tiling.parts.flatMap { Array($0.core) } == Array(0..<length))
    for part in tiling.parts {
      #expect(part.start % 4 == 0 && part.start >= 0 && part.start + tiling.tile <= tiling.padded)
      #expect(part.start == 0 || part.core.lowerBound - part.start >= 3)
      #expect(
        part.start + tiling.tile == tiling.padded
          || part.start + tiling.tile - part.core.upperBound >= 3)
    }
  }

  @Test func aTileWithoutACoreIsRefused() {
    #expect(Tiling(length: 100, tile: 8, halo: 4, alignment: 4) == nil)
  }

  @Test func tiledIsUntiledToRounding() throws {
    var volume = DeepSTORM3D()
    volume.planes = 3
    volume.dilations = [1, 2]
    for (system, batch, height, width, tile) in [
      (DECODE.small, 3, 13, 150, 112), (volume, 1, 37, 17, 32), (FIDSTORM(), 2, 9, 43, 32),
      (DeepSTORM(), 1, 7, 23, 20), (DEFCoN(), 1, 103, 11, 84),
    ] as [(any NetworkSystem, Int, Int, Int, Int)] {
      let model = try Model(system, system.network.randomWeights(seed: 8))
      let frames = ONNXTests.frames(batch * height * width)
      let device = CPUDevice()
      let whole = try TiledNetwork(model, batch: batch, height: height, width: width, on: device)
      let tiled = try TiledNetwork(
        model, batch: batch, height: height, width: width, on: device, tile: tile)
      #expect(whole.tiles == 1 && tiled.tiles > 1)
      let (first, second) = try (whole.image(frames), tiled.image(frames))
      #expect(first.type == second.type)
      let error = relativeError(second.values.map { Float($0) }, first.values.map { Float($0) })
      print("\(type(of: system).name): \(tiled.tiles) tiles, \(error) of the rms")
      #expect(error < 1e-5)
    }
  }

  /// For any number of frames at a time, the result is that for the whole movie, and the layers of
  /// each frame are computed once.
  @Test func aMovieInBatchesIsTheMovieAtOnce() throws {
    var fiveFrames = DECODE.small
    fiveFrames.frames = 5
    for system in [DECODE.small, fiveFrames, FIDSTORM()] as [any NetworkSystem] {
      let model = try Model(system, system.network.randomWeights(seed: 8))
      let (count, height, width) = (7, 8, 12)
      let movie = ONNXTests.frames(count * height * width)
      let whole = try run(
        model.graph(batch: count, height: height, width: width), movie)(
          model.network.outputs[0].name)
      for batch in [1, 2, 3, 7, 20] {
        let tiled = try TiledNetwork(
          model, batch: batch, height: height, width: width, on: CPUDevice())
        for again in 1...2 {
          let values = try tiled.image(movie).values.map { Float($0) }
          #expect(relativeError(values, whole) < 1e-5, "\(type(of: system).name) by \(batch)")
          let reach = model.network.temporalReach
          #expect(
            tiled.profile[0].runs == again * ((count + 2 * reach + batch - 1) / batch),
            "\(type(of: system).name) by \(batch)")
        }
      }
    }
  }

  /// Batches with the neighbours that a reader adds: the network continues where it was, and after
  /// the first batch computes each frame once.
  @Test func batchesOfAMovieGoOn() throws {
    let model = try Model(DECODE.small, DECODE.small.network.randomWeights(seed: 8))
    let (count, pixels, own) = (17, 8 * 8, 4)
    let movie = ONNXTests.frames(count * pixels)
    let whole = try run(model.graph(batch: count, height: 8, width: 8), movie)("emitters")
    // Four frames at a time: not continued at the start and for the last frame.
    let cases = [(2, true, 3 + 3 * 2 + 2), (4, true, 2 + 3 + 1), (2, false, 4 * 3 + 2)]
    for (batch, continuing, runs) in cases {
      let tiled = try TiledNetwork(model, batch: batch, height: 8, width: 8, on: CPUDevice())
      var values: [Float] = []
      for start in stride(from: 0, to: count, by: own) {
        let frames = start..<min(start + own, count)
        let seen = max(start - 1, 0)..<min(frames.upperBound + 1, count)
        let bytes = Array(movie[seen.lowerBound * pixels..<seen.upperBound * pixels])
        var part = [Float](repeating: 0, count: frames.count * pixels * 10)
        try bytes.withUnsafeBytes { bytes in
          let stack = FrameStack(bytes, .float32, height: 8, width: 8, first: seen.lowerBound)
          try part.withUnsafeMutableBufferPointer {
            try tiled.image(
              stack, answering: start - seen.lowerBound..<frames.upperBound - seen.lowerBound,
              continuing: continuing, into: $0)
          }
        }
        values += part
      }
      #expect(relativeError(values, whole) < 1e-5)
      #expect(tiled.profile[0].runs == runs, "\(batch) \(continuing)")
    }
  }

  /// `meanwhile` gets the progress tile by tile and can end a run; the next run is complete.
  @Test func aRunCanBeStoppedBetweenTiles() throws {
    struct Stop: Error {}
    let model = try Model(DECODE.small, DECODE.small.network.randomWeights(seed: 8))
    let (count, height, width) = (3, 13, 150)
    let movie = ONNXTests.frames(count * height * width)
    let tiled = try TiledNetwork(
      model, height: height, width: width, on: CPUDevice(), tile: 112)
    let whole = try tiled.image(movie).values.map { Float($0) }
    let steps = tiled.tiles * (count + 2)
    try movie.withUnsafeBytes { bytes in
      let stack = FrameStack(bytes, .float32, height: height, width: width)
      var values = [Float](repeating: 0, count: whole.count)
      for last in [0, 1, steps - 1, steps] {
        var told: [Double] = []
        let before = tiled.profile[0].runs
        let result = Result {
          try values.withUnsafeMutableBufferPointer {
            try tiled.image(stack, answering: 0..<count, into: $0) { part in
              if told.count == last { throw Stop() }
              told.append(part)
            }
          }
        }
        #expect(told == (0..<last).map { Double($0) / Double(steps) })
        #expect(tiled.profile[0].runs - before == last)
        if last < steps {
          #expect(throws: Stop.self) { try result.get() }
        } else {
          try result.get()
        }
      }
      #expect(values == whole)
    }
  }

  /// Part of a stack uses the rest as neighbours.
  @Test func framesInTheMiddleOfAStack() throws {
    let model = try Model(DECODE.small, DECODE.small.network.randomWeights(seed: 8))
    let movie = ONNXTests.frames(9 * 16)
    let tiled = try TiledNetwork(model, batch: 2, height: 4, width: 4, on: CPUDevice())
    let whole = try tiled.image(movie).values.map { Float($0) }
    var part = [Float](repeating: 0, count: 3 * 160)
    try movie.withUnsafeBytes { bytes in
      let stack = FrameStack(bytes, .float32, height: 4, width: 4)
      try part.withUnsafeMutableBufferPointer { try tiled.image(stack, answering: 4..<7, into: $0) }
    }
    #expect(relativeError(part, Array(whole[4 * 160..<7 * 160])) < 1e-6)
  }

  @Test func countsBecomeTheNetworksUnits() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let counts: [UInt16] = (0..<30).map { UInt16(100 + $0 * 7919 % 211) }
    let gain: [Float] = (0..<30).map { 1 + Float($0 % 3) }
    let tiled = try TiledNetwork(model, height: 5, width: 6, on: CPUDevice())
    for (units, expected) in [
      (.counts, counts.map { Float($0) }),
      (.scalar(offset: 90, factor: 0.5), counts.map { (Float($0) - 90) * 0.5 }),
      (
        .maps(offset: gain, factor: gain),
        zip(counts, gain).map { (Float($0) - $1) * $1 }
      ),
    ] as [(FrameStack.Units, [Float])] {
      var values = [Float](repeating: 0, count: 40 * 48)
      try counts.withUnsafeBytes { bytes in
        let stack = FrameStack(bytes, .uint16, height: 5, width: 6, units: units)
        try values.withUnsafeMutableBufferPointer {
          try tiled.image(stack, answering: 0..<1, into: $0)
        }
      }
      #expect(try tiled.image(expected).values.map { Float($0) } == values)
    }
  }

  @Test func memoryBoundsTheTile() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let tiled = try TiledNetwork(
      model, batch: 4, height: 200, width: 150, on: CPUDevice(threads: 2), memory: 48 << 20)
    #expect(tiled.tiles > 1 && tiled.batch == 1 && tiled.memory <= 48 << 20)
    let error = #expect(throws: NetworkError.self) {
      try TiledNetwork(model, height: 200, width: 150, on: CPUDevice(), memory: 1 << 20)
    }
    #expect(
      error?.explanation.text { "--\($0.name)" }.contains("hint: raise the limit with --memory")
        == true)
    let small = try TiledNetwork(
      model, batch: 4, height: 20, width: 15, on: CPUDevice(threads: 2), memory: 48 << 20)
    #expect(small.tiles == 1 && small.batch == 4)
    let summary = NetworkSummary(
      model, height: 200, width: 150, memory: 48 << 20, on: CPUDevice(threads: 2).info)
    let stated = try #require(summary.memory)
    #expect(stated.tiles > 1 && stated.weights == model.weightBytes && stated.run <= 48 << 20)
  }

  /// Every system, with the smallest number of features.
  static var systems: [any NetworkSystem] {
    var paper = DECODE.small
    paper.layout = .paper
    return [DECODE.small, paper, FIDSTORM(), DEFCoN(), DeepSTORM3D.small, DeepSTORM(), SpeNet()]
  }

  @Test(arguments: 0..<TileTests.systems.count)
  func smallFramesAreTaken(_ index: Int) throws {
    let system = Self.systems[index]
    let model = try Model(system, system.network.randomWeights(seed: 8))
    for (height, width) in [(1, 1), (1, 5), (3, 2), (4, 8), (7, 1), (9, 11), (13, 17), (17, 13)] {
      guard system.inputSize == nil else {
        // A network for one size rejects any other.
        #expect(throws: ShapeError.self) {
          try TiledNetwork(model, height: height, width: width, on: CPUDevice())
        }
        continue
      }
      let tiled = try TiledNetwork(model, height: height, width: width, on: CPUDevice())
      let image = try tiled.image(ONNXTests.frames(height * width))
      let finer = model.network.magnification
      #expect(Array(image.type.shape[1...2]) == [height * finer, width * finer])
      #expect(image.values.allSatisfy { $0.isFinite })
    }
  }

  /// Constant frames give finite results; a frame with NaN is named in the error, for every
  /// network.
  @Test(arguments: 0..<TileTests.systems.count)
  func oddFrames(_ index: Int) throws {
    let system = Self.systems[index]
    let model = try Model(system, system.network.randomWeights(seed: 8))
    let (height, width) = system.inputSize ?? (6, 7)
    let tiled = try TiledNetwork(model, batch: 2, height: height, width: width, on: CPUDevice())
    let pixels = height * width
    for level in [Float(0), 7, 65535, -3] {
      let image = try tiled.image([Float](repeating: level, count: 3 * pixels))
      #expect(image.values.allSatisfy { $0.isFinite }, "\(level)")
    }
    for bad in [Float.nan, .infinity] {
      var frames = ONNXTests.frames(3 * pixels)
      frames[2 * pixels + pixels / 2] = bad
      let error = #expect(throws: NetworkError.self) { try tiled.image(frames) }
      #expect(error?.description.contains("frame 2 contains a NaN or an infinite value") == true)
    }
    let half = #expect(throws: NetworkError.self) {
      try tiled.image([Float](repeating: 1, count: pixels + pixels / 2))
    }
    #expect(half?.description.contains("are not frames of") == true)
  }

  /// Weights for other frames, or numbers of frames that no window has.
  @Test func wrongNumbersOfFrames() throws {
    let weights = DECODE.small.network.randomWeights(seed: 8)
    for (frames, words) in [
      (0, "frames is 0, not an odd number between 1 and 15"), (2, "frames is 2, not an odd number"),
      (17, "frames is 17"),
    ] {
      let error = #expect(throws: NetworkError.self) {
        try Model(DECODE.self, weights, settings: #"{"frames": \#(frames)}"#)
      }
      #expect(error?.description.contains(words) == true, "\(error as Any)")
    }
    let error = #expect(throws: WeightError.self) {
      try Model(DECODE.self, weights, settings: #"{"frames": 5}"#)
    }
    #expect(error?.description.contains("unet_union.encoder.0.0.weight") == true)
  }

  @Test func badFramesGetTypedErrors() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let tiled = try TiledNetwork(model, height: 4, width: 4, on: CPUDevice())
    let constant = try tiled.image([Float](repeating: 7, count: 16))
    #expect(constant.values.allSatisfy { $0.isFinite })
    for bad in [Float.nan, .infinity, -.infinity] {
      var frames = ONNXTests.frames(48)
      frames[37] = bad
      let error = #expect(throws: NetworkError.self) { try tiled.image(frames) }
      #expect("\(try #require(error))".contains("frame 2 contains a NaN"))
    }
    var error = #expect(throws: NetworkError.self) { try tiled.image([1, 2, 3]) }
    #expect("\(try #require(error))".contains("3 values are not frames of 4×4×1"))
    let pixels = ONNXTests.frames(32)
    error = #expect(throws: NetworkError.self) {
      try pixels.withUnsafeBytes {
        try tiled.run(
          FrameStack($0, .float32, height: 4, width: 4, channels: 2), answering: 0..<1
        ) { _ in }
      }
    }
    #expect("\(try #require(error))".contains("2 channels of 4×4 pixels, not 1 of 4×4"))
    let spectra = try Model(SpeNet(), SpeNet().network.randomWeights(seed: 1))
    #expect(throws: ShapeError.self) {
      try TiledNetwork(spectra, height: 9, width: 201, on: CPUDevice())
    }
  }
}

extension DeepSTORM3D {
  static var small: DeepSTORM3D {
    var system = DeepSTORM3D()
    system.planes = 3
    system.dilations = [1, 2]
    return system
  }
}
