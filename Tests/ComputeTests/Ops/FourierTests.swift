import Testing

@testable import Compute

/// The Fourier transform for sizes too large for samples: round trips and known transforms.
@Suite struct FourierTests {
  private func run(_ inputs: [Reference], _ ops: [FourierTransform]) throws -> [Double] {
    var graph = Graph()
    var value = graph.input("x", inputs[0].type)
    for op in ops { value = try graph.apply(op, value) }
    graph.output("y", value)
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("x", inputs[0].values.map(Float.init))
    try executable.run()
    return try executable.read("y").values
  }

  @Test(arguments: [(512, 512), (500, 243), (1, 4096), (360, 1)])
  func thereAndBackIsTheImage(_ height: Int, _ width: Int) throws {
    let image = Reference.random([1, height, width], -1...1)
    let real = try run(
      [image],
      [FourierTransform(.forward, realWidth: width), FourierTransform(.inverse, realWidth: width)])
    let pairs = Reference.random([1, height, width, 2], -1...1)
    let complex = try run([pairs], [FourierTransform(.forward), FourierTransform(.inverse)])
    for (found, wanted) in zip(real, image.values) { #expect(abs(found - wanted) < 2e-6) }
    for (found, wanted) in zip(complex, pairs.values) { #expect(abs(found - wanted) < 2e-6) }
  }

  /// A wave has one value at its frequency.
  @Test func aWaveIsAPoint() throws {
    let (height, width, v, u) = (60, 128, 7, 31)
    var values: [Double] = []
    for y in 0..<height {
      for x in 0..<width {
        let turn = ComplexDouble.turn(
          Double(v * y) / Double(height) + Double(u * x) / Double(width), 1)
        values += [Double(Float(turn.re)), Double(Float(turn.im))]
      }
    }
    let found = try run(
      [Reference(TensorType(.float32, 1, height, width, 2), values)], [FourierTransform(.forward)])
    for (place, value) in found.enumerated() {
      let wanted = place == 2 * (v * width + u) ? Double(height * width) : 0
      #expect(abs(value - wanted) < 16 * 0x1p-24 * Double(height * width), "\(place)")
    }
  }

  @Test func lengthsAreProductsOfTwoThreeAndFive() {
    #expect([1, 2, 30, 500, 512, 2187, 65536].allSatisfy(FourierTransform.takes))
    #expect(![0, 7, 22, 511, 131_072].contains(where: FourierTransform.takes))
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 7, 8, 2))
    #expect(throws: ShapeError.self) { try graph.apply(FourierTransform(.forward), x) }
  }
}
