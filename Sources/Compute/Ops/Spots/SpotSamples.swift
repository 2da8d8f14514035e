/// Seeded spots for the samples of the ops that fit.
enum SpotSamples {
  struct Case {
    let model: SpotModel
    /// Spots, total, and flags and a noise map if the case has them.
    let inputs: [Reference]
    /// The true parameters.
    let truth: Reference
    let note: String
    /// Share of results that must agree with the reference; less than 1 if some spots have no
    /// optimum.
    let share: Double
    let tiny: Bool
  }

  static var cases: [Case] {
    let estimators: [(SpotModel.Estimator, SpotModel.Pixels)] = [
      (.maximumLikelihood, .integrated), (.leastSquares, .integrated),
      (.maximumLikelihood, .sampled), (.leastSquares, .sampled),
    ]
    var cases: [Case] = []
    for sigmas in SpotModel.Sigmas.allCases {
      for (estimator, pixels) in estimators {
        let model = SpotModel(sigmas, estimator, pixels, box: 7, sigmaX: 1.2)
        cases.append(make(model, capacity: 5, total: 5, tiny: true))
      }
      var noisy = SpotModel(sigmas, box: 9, sigmaX: 1.3, sigmaY: 1.5, noise: 3)
      cases.append(make(noisy, capacity: 70, total: 67))
      noisy.box = 7
      cases.append(make(noisy, capacity: 19, total: 40, map: true, note: "full"))
    }
    for sigmas in SpotModel.Sigmas.allCases {
      for estimator in [SpotModel.Estimator.maximumLikelihood, .leastSquares] {
        let model = SpotModel(sigmas, estimator, box: 9, sigmaX: 1.2)
        cases.append(
          make(model, capacity: 23, total: 21, cut: true, note: "cut", tiny: sigmas == .free))
      }
    }
    let odd = SpotModel(.elliptical, box: 13, sigmaX: 1.6)
    cases.append(make(odd, capacity: 3, total: 3))
    cases.append(make(odd, capacity: 3, total: 0, note: "none"))
    cases.append(make(SpotModel(.fixed, box: 3, sigmaX: 0.8), capacity: 17, total: 17))
    cases.append(
      make(
        SpotModel(.free, box: 7, sigmaX: 1.2), capacity: 24, total: 24, strange: true,
        note: "strange", tiny: true))
    cases.append(
      make(
        SpotModel(.elliptical, .leastSquares, box: 7, sigmaX: 1.2), capacity: 24, total: 24,
        map: true, strange: true, note: "strange"))
    return cases + astigmatic
  }

  private static var astigmatic: [Case] {
    let lens = Astigmatism(
      x: .init(centre: -220, scale: 400, rooted: true, [1.44, 0, 1.44, 0.1, -0.05, 0.02, 0.01]),
      y: .init(centre: 230, scale: 380, rooted: true, [1.69, 0, 1.69, -0.1, 0.05]),
      lowestZ: -450, highestZ: 450)
    let picasso = Astigmatism(
      x: .init(centre: 0, scale: 1000, rooted: false, [1.5, 0.8, 1.5, 0.2]),
      y: .init(centre: 0, scale: 1000, rooted: false, [1.5, -0.8, 1.5, -0.1, 0.3]),
      lowestZ: -400, highestZ: 400)
    return [
      make(SpotModel(lens, box: 9), capacity: 5, total: 5, note: "astigmatic", tiny: true),
      make(SpotModel(picasso, box: 13, noise: 2), capacity: 70, total: 67, note: "astigmatic"),
      make(SpotModel(lens, box: 11), capacity: 19, total: 40, map: true, note: "astigmatic full"),
      make(
        SpotModel(lens, box: 11), capacity: 19, total: 19, map: true, cut: true,
        note: "astigmatic cut"),
      make(
        SpotModel(lens, box: 9), capacity: 24, total: 24, strange: true,
        note: "astigmatic strange"),
    ]
  }

  private static func make(
    _ model: SpotModel, capacity: Int, total: Int, map: Bool = false, strange: Bool = false,
    cut: Bool = false, note: String = "", tiny: Bool = false
  ) -> Case {
    let drawn = DrawnSpots(
      model, capacity: capacity, map: map, strange: strange, cut: cut, seed: 401
    ) {
      random in
      let stretch = model.sigmas == .fixed ? 1 : random(0.9...1.15)
      let sigmaX = Double(model.start.x) * stretch
      let sigmaY =
        Double(model.start.y) * (model.sigmas == .elliptical ? random(0.9...1.15) : stretch)
      let light = [
        random(-0.5...0.5), random(-0.5...0.5), random(1000...3000), random(4...12),
      ]
      return light
        + (model.astigmatism.map {
          [random(0.8 * Double($0.lowestZ)...0.8 * Double($0.highestZ)), 0]
        }
          ?? [Double(Float(sigmaX)), Double(Float(sigmaY))])
    }
    return Case(
      model: model,
      inputs: [drawn.spots, Reference(TensorType(.int32, 1), [Double(total)])]
        + (cut ? [drawn.flags] : []) + (map ? [drawn.noise] : []),
      truth: drawn.truth, note: note, share: strange ? 0.6 : 0.99, tiny: tiny)
  }
}
