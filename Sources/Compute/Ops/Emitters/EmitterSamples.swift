extension FitEmitters {
  /// Frames of molecules that can be told apart by their maxima, for which the reference finds the
  /// minimum too.
  package static var samples: [Sample] {
    let curve = { (centre: Float) in
      Astigmatism.Curve(centre: centre, scale: 290, rooted: true, [1.96, 0, 1.96])
    }
    let astigmatic = Astigmatism(x: curve(-205), y: curve(205), lowestZ: -450, highestZ: 450)
    let gaussian = EmitterModel.Image.gaussian(sigmaX: 1.1, sigmaY: 1.1)
    let round = EmitterModel(gaussian, noise: 20, leastPhotons: 100)
    var scaled = EmitterModel(
      .gaussian(sigmaX: 1.1, sigmaY: 1.3), noise: 4, leastPhotons: 100)
    scaled.noiseScale = 1.5
    let known = EmitterModel(
      .gaussian(sigmaX: 1.2, sigmaY: 1.2), noise: 3, leastPhotons: 100,
      brightness: EmitterModel.Brightness(photons: 2000, spread: 0.2))
    let deep = EmitterModel(.astigmatic(astigmatic), noise: 2, leastPhotons: 100)
    let (shaped, grid) = spline
    return [
      sample(round, [1, 9, 11], room: 4, [[(4.2, 3.7, 1500, 0)]], tiny: true),
      sample(
        round, [2, 21, 17], room: 8,
        [[(4.2, 5.1, 3000, 0), (8.1, 6.4, 2000, 0), (11.5, 15.2, 2500, 0)], []]),
      sample(
        round, [1, 16, 16], room: 6,
        [[(-0.4, 7.3, 4000, 0), (15.2, 0.1, 3000, 0), (7, 8, 900, 0)]],
        note: "edges"),
      sample(
        scaled, [1, 19, 23], room: 1, [[(6.3, 6.1, 3000, 0), (15.2, 11.7, 2500, 0)]],
        note: "more than fit"),
      sample(
        known, [1, 15, 20], room: 5, [[(5.4, 7.2, 2000, 0), (8.6, 7.5, 2100, 0)]], map: true,
        note: "known brightness"),
      sample(
        deep, [1, 33, 37], room: 5, [[(10.3, 12.1, 4000, -200), (26.2, 20.4, 3500, 150)]]),
      sample(
        EmitterModel(.freeWidth(sigma: 1.2), noise: 2, leastPhotons: 100), [1, 20, 24], room: 3,
        [[(6.3, 7.1, 4000, -100), (16.2, 12.4, 3500, 150)]], note: "free widths"),
      sample(
        round, [1, 30, 165], room: 6,
        [[(20.1, 14.2, 3000, 0), (125.3, 12.2, 3000, 0), (130.4, 17.1, 2500, 0)]], note: "blocks"),
      sample(
        round, [1, 30, 152], room: 6, [[(20.1, 14.2, 3000, 0), (144.3, 12.2, 3000, 0)]],
        note: "a part of a frame",
        blocks: EmitterBlocks(x: 116..<268, y: 0..<30, ofWidth: 300, height: 30)),
      sample(round, [1, 3, 1], room: 2, [[]], note: "narrow"),
      sample(
        shaped, [1, 15, 17], room: 3, [[(7.2, 8.3, 4000, 120)]], grid: grid, tiny: true),
      sample(
        shaped, [1, 33, 37], room: 5, [[(10.3, 12.1, 4000, -200), (25.2, 20.4, 3500, 150)]],
        map: true, grid: grid),
      sample(
        shaped, [2, 21, 26], room: 4, [[(-0.3, 9.2, 5000, 60), (21.4, 0.2, 5000, -90)], []],
        note: "edges", grid: grid),
    ]
  }

  /// A spline of an astigmatic spot.
  private static var spline: (model: EmitterModel, grid: Tensor) {
    let model = SplineModel(
      box: 17, columns: 20, rows: 21, planes: 8, centreX: 10.3, centreY: 10.3, firstZ: -400,
      zStep: 100, lowestZ: -350, highestZ: 350)
    let grid = model.grid(SplineSamples.coefficients(model))
    return (EmitterModel(.spline(model, grid: grid), noise: 2, leastPhotons: 100), grid)
  }

  private static func sample(
    _ model: EmitterModel, _ shape: [Int], room: Int,
    _ molecules: [[(x: Double, y: Double, photons: Double, z: Double)]], map: Bool = false,
    note: String = "", blocks: EmitterBlocks? = nil, grid: Tensor? = nil, tiny: Bool = false
  ) -> Sample {
    var generator = SampleGenerator(seed: 731)
    func random(_ range: ClosedRange<Double>) -> Double {
      Double(Float(Double.random(in: range, using: &generator)))
    }
    let (height, width) = (shape[1], shape[2])
    let noise = (0..<height * width).map { _ in map ? random(1...6) : Double(model.noise) }
    let scale = Double(model.noiseScale)
    let counts = molecules.flatMap { list in
      let blank = EmitterReference(
        model, EmitterImage(model.image, grid: grid?.values ?? []),
        counts: Array(repeating: Array(repeating: 0, count: width), count: height),
        noise: Array(repeating: Array(repeating: 0, count: width), count: height))
      var state = EmitterReference.State(
        nodes: Array(repeating: 30, count: blank.nodes.x * blank.nodes.y))
      state.molecules = list.map {
        EmitterReference.Molecule(x: $0.x, y: $0.y, photons: $0.photons, z: $0.z)
      }
      return blank.mean(state).enumerated().map { k, mean in
        let bell = (0..<4).reduce(0.0) { sum, _ in sum + random(-1...1) } * 0.75.squareRoot()
        return Double(Float(scale * mean + ((scale * mean + noise[k]) * scale).squareRoot() * bell))
      }
    }
    return Sample(
      FitEmitters(model, room: room, blocks: blocks),
      [Reference(TensorType(.float32, shape), counts)]
        + (grid.map { [Reference($0.type, $0.values)] } ?? [])
        + (map ? [Reference(TensorType(.float32, height, width), noise)] : []), note: note,
      .absolute(0.02), .relative(0.02), .absolute(4), .relative(0.05), .relative(0.05), .exact,
      tiny: tiny)
  }
}
