import Compute
import Testing

@testable import Networks

/// What networks say about themselves, and frames of any size.
@Suite struct NetworkTests {
  @Test func parametersAndWorkAreThoseOfThePapers() {
    var planes81 = DeepSTORM3D()
    planes81.planes = 81
    // Multiply–accumulates per pixel: systems.md counts DECODE with its frames' features kept.
    let expected: [(any NetworkSystem, parameters: Int, work: Double)] = [
      (DeepSTORM(), 1_366_208, 5.92e6), (DECODE(), 2_199_418, 0.593e6),
      (planes81, 435_743, 3.67e6), (DeepSTORM3D(), 612_703, 6.49e6), (FIDSTORM(), 208_400, 341_568),
      (DEFCoN(), 112_912, 0),
    ]
    for (system, parameters, work) in expected {
      let network = system.network
      #expect(network.parameterCount == parameters, "\(system)")
      if work > 0 {
        #expect(abs(network.multiplicationsPerPixel / work - 1) < 0.01, "\(system)")
      }
    }
    #expect(SpeNet().network.parameterCount == 8_027)
    #expect(abs(SpeNet().network.multiplications(height: 7, width: 201) - 460_000) < 10_000)
  }

  @Test func reachIsThatOfTheLayers() {
    var net = Network(channels: 1)
    let x = net.convolution(net.input, "a", 3, to: 1, dilation: 4)
    net.output("y", net.convolution(net.upsample(x, 2), "b", 5, to: 1))
    // 4 pixels each way, then 2 fine pixels and the pixel's own width.
    #expect(net.reach.pitch == 0.5)
    #expect(net.reach.before == 4 + 0.5 + 1)
    #expect(net.reach.after == 5)
    #expect(net.magnification == 2 && net.alignment == 1 && net.halo == 6)
    #expect(DECODE().network.alignment == 4 && DECODE().network.magnification == 1)
    #expect(DEFCoN().network.alignment == 4 && DeepSTORM().network.alignment == 1)
    #expect(DeepSTORM3D().network.magnification == 4)
  }

  /// A value changed outside of the receptive field changes nothing, one inside does.
  @Test func reachHoldsWhenMeasured() throws {
    for system in [DECODE.small, DEFCoN()] as [any NetworkSystem] {
      let network = system.network
      let side = 8 * ((2 * network.halo + 16) / 8 + 1)
      let weights = network.randomWeights(seed: 3)
      let graph = try network.graph(weights, batch: 1, height: 4, width: side, scaling: false)
      var frame = ONNXTests.frames(4 * side).map { $0 / 100 - 1 }
      let name = network.outputs[0].name
      let before = try run(graph, frame)(name)
      let place = side / 2
      frame[side + place] += 1
      let after = try run(graph, frame)(name)
      let channels = network.channels(of: network.outputs[0].value)
      // Fast convolutions mix neighbours in their roundings: only what is more than that counts.
      let rounding = 1e-5 * (before.map(abs).max() ?? 0)
      let changed = (0..<side).filter { x in
        (0..<channels).contains {
          abs(before[(side + x) * channels + $0] - after[(side + x) * channels + $0]) > rounding
        }
      }
      let farthest = changed.map { abs($0 - place) }.max() ?? 0
      #expect(farthest <= network.halo, "\(type(of: system).name)")
      #expect(farthest > network.halo / 3, "\(type(of: system).name)")
    }
  }

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

  @Test func aMovieInBatchesIsTheMovieAtOnce() throws {
    for (system, batches) in [(DECODE.small, [3, 4, 9]), (FIDSTORM(), [1, 2, 8])]
      as [(any NetworkSystem, [Int])]
    {
      let model = try Model(system, system.network.randomWeights(seed: 8))
      let (count, pixels) = (7, 8 * 5)
      let movie = ONNXTests.frames(count * pixels)
      let whole = try TiledNetwork(model, batch: count, height: 8, width: 5, on: CPUDevice())
        .image(movie).values.map { Float($0) }
      for batch in batches {
        let tiled = try TiledNetwork(model, batch: batch, height: 8, width: 5, on: CPUDevice())
        var (values, frames, reads) = ([Float](), [Int](), [Int]())
        try tiled.run(movie: count) { index in
          reads.append(index)
          return Array(movie[index * pixels..<(index + 1) * pixels])
        } each: { tile in
          values += tile.values
          frames += Array(tile.frames)
        }
        #expect(frames == Array(0..<count) && reads == frames)
        #expect(relativeError(values, whole) < 1e-6)
      }
    }
    let model = try Model(DECODE.small, DECODE.small.network.randomWeights(seed: 8))
    let tiled = try TiledNetwork(model, batch: 2, height: 4, width: 4, on: CPUDevice())
    #expect(throws: NetworkError.self) {
      try tiled.run(movie: 9) { _ in
        ONNXTests.frames(16)
      } each: { _ in
      }
    }
  }

  @Test func memoryBoundsTheTile() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let tiled = try TiledNetwork(
      model, height: 200, width: 150, on: CPUDevice(), memory: 24 << 20)
    #expect(tiled.tiles > 1 && tiled.memory <= 24 << 20)
    #expect(throws: NetworkError.self) {
      try TiledNetwork(model, height: 200, width: 150, on: CPUDevice(), memory: 1 << 20)
    }
  }

  @Test(arguments: [(1, 1), (1, 5), (3, 2), (13, 17)])
  func smallFramesAreTaken(_ height: Int, _ width: Int) throws {
    for system in [DECODE.small, FIDSTORM(), DEFCoN()] as [any NetworkSystem] {
      let model = try Model(system, system.network.randomWeights(seed: 8))
      let tiled = try TiledNetwork(model, height: height, width: width, on: CPUDevice())
      let image = try tiled.image(ONNXTests.frames(height * width))
      let finer = model.network.magnification
      #expect(Array(image.type.shape[1...2]) == [height * finer, width * finer])
      #expect(image.values.allSatisfy { $0.isFinite })
    }
  }

  @Test func badFramesGetTypedErrors() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let tiled = try TiledNetwork(model, height: 4, width: 4, on: CPUDevice())
    let constant = try tiled.image([Float](repeating: 7, count: 16))
    #expect(constant.values.allSatisfy { $0.isFinite })
    var frame = ONNXTests.frames(16)
    frame[5] = .nan
    var error = #expect(throws: NetworkError.self) { try tiled.image(frame) }
    #expect("\(try #require(error))".contains("frame 0 holds a NaN"))
    error = #expect(throws: NetworkError.self) { try tiled.image([1, 2, 3]) }
    #expect("\(try #require(error))".contains("it has 3 values, not 1×4×4×1"))
    let spectra = try Model(SpeNet(), SpeNet().network.randomWeights(seed: 1))
    #expect(throws: ShapeError.self) {
      try TiledNetwork(spectra, height: 9, width: 201, on: CPUDevice())
    }
  }

  @Test func statedMemoryIsThatOfTheExecutable() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 8))
    let device = CPUDevice()
    let stated = try model.memory(height: 32, width: 32, on: device.info)
    let plan = try Plan(model.graph(height: 32, width: 32), for: device.info)
    #expect(stated == plan.bytes && plan.bytes > plan.arena.bytes)
    #expect(plan.arena.bytes > 64 * 32 * 32 * 4)
  }

  @Test func summariesNameEverySystem() {
    let summaries = NetworkSummary.all(height: 17, width: 13, on: CPUDevice().info)
    #expect(summaries.map(\.name) == Systems.all.map { $0.name })
    for summary in summaries {
      // SpeNet takes spectra of one size only.
      #expect((summary.memory == nil) == (summary.name == "spenet"))
      #expect(summary.parameters > 8_000 && summary.work > 300 && summary.receptiveField > 8)
    }
  }

  @Test func unknownNamesAreAnsweredWithTheKnown() {
    let error = #expect(throws: NetworkError.self) { try Systems.named("unet") }
    #expect(error?.description.contains("deepstorm3d") == true)
  }
}

extension DECODE {
  static var small: DECODE {
    var system = DECODE()
    system.features = 4
    return system
  }
}
