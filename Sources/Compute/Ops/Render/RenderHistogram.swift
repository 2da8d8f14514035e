import CPUKernels

/// Image of the total weight of the localizations in each pixel.
///
/// Inputs: x, y float32 [rows] in pixels of the image (the first pixel's centre is (0, 0), it
/// reaches from −0.5 up to but not including 0.5), weight float32 [rows] (1 counts rows), number
/// int32 [1] of valid rows. Output: float32 [height, width]. A row with a NaN or outside the image
/// is left out.
package struct RenderHistogram: NotDifferentiable {
  package static let name = "render_histogram"
  private let target: RenderTarget

  package init(height: Int, width: Int) {
    target = RenderTarget(height: height, width: width, maximumRadius: 0)
  }

  package var parameters: String { "\(target.width)×\(target.height)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try target.check(inputs, lists: 3, Self.name)
    return [target.type]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    var image = [Double](repeating: 0, count: target.type.count)
    for row in 0..<min(Int(inputs[3].values[0]), inputs[0].values.count) {
      let place = inputs[..<2].map { Double((Float($0.values[row]) + 0.5).rounded(.down)) }
      let weight = inputs[2].values[row]
      guard (0..<Double(target.width)).contains(place[0]),
        (0..<Double(target.height)).contains(place[1]), !weight.isNaN
      else { continue }
      image[Int(place[1]) * target.width + Int(place[0])] += weight
    }
    return [Reference(target.type, image)]
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      target.cpu(
        glint_cpu_render_histogram,
        .init(
          xs: .input(0), ys: .input(1), weights: .input(2), count: .input(3), image: .output(0)))
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      target.openCL(
        glint_opencl_render_histogram,
        .init(
          xs: .input(0), ys: .input(1), weights: .input(2), count: .input(3),
          sums: .workspace(0)))
    ]
  }

  package static var samples: [Sample] {
    func sample(
      _ height: Int, _ width: Int, rows: Int, filled: Int, weight: ClosedRange<Double>,
      note: String = "", _ tolerance: Tolerance
    ) -> Sample {
      let range = -2...Double(max(height, width)) + 2
      var x = Reference.random([rows], range, seed: 101)
      var y = Reference.random([rows], range, seed: 102)
      if rows > 5 {
        (x.values[1], y.values[2], x.values[3]) = (.nan, .nan, .infinity)
        (x.values[4], y.values[4]) = (-0.5, Double(height) - 0.5)
      }
      return Sample(
        RenderHistogram(height: height, width: width),
        [
          x, y, .random([rows], weight, seed: 103, element: .int32).asFloat,
          Reference(TensorType(.int32, 1), [Double(filled)]),
        ], note: note, tolerance, tiny: rows <= 100 && height * width < 1000)
    }
    return [
      sample(1, 1, rows: 1, filled: 1, weight: 1...1, .exact),
      sample(13, 17, rows: 100, filled: 97, weight: 1...1, note: "counts", .exact),
      sample(3, 5, rows: 100, filled: 200, weight: -3...9, note: "negative", .exact),
      sample(65, 64, rows: 3000, filled: 3000, weight: 1...20000, note: "photons", .exact),
      sample(2, 2, rows: 30, filled: 0, weight: 1...1, note: "none", .exact),
    ]
  }
}
