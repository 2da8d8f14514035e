import Testing

@testable import Compute

/// The candidate that uses OpenBLAS. Its results are checked by the parity tests.
@Suite struct OpenBLASTests {
  private func graph() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 2, 9, 7, 24))
    let weights = graph.constant(Reference.random([3, 3, 24, 20], -1...1).tensor)
    graph.output("y", try graph.apply(Convolution(), x, weights))
    return graph
  }

  @Test func aMissingLibrarySaysWhy() {
    #expect(OpenBLAS.obstacle(library: "libNoSuch.so")?.contains("libNoSuch.so") == true)
    #expect(
      OpenBLAS.obstacle(library: "libm.so.6") == "cblas_sgemm is missing from the library")
  }

  private static let isInstalled = OpenBLAS.obstacle == nil

  @Test func itIsNotTakenUnlessMeasuredOrNamed() throws {
    let plan = try Plan(graph(), for: CPUDevice().info, tuning: TuningTable())
    #expect(!plan.explain().contains("[blas"))
  }

  @Test(.enabled(if: isInstalled, "OpenBLAS is not installed"))
  func itIsTakenWhereMeasured() throws {
    let cpu = CPUDevice().info
    let at = TuningCase(form: "convolution 3×3 s1", channels: 24, outputs: 20, pixels: 126)
    let row = TuningTable.Row(at: at, microseconds: ["blas": 1], order: ["blas"])
    let table = TuningTable(devices: [cpu.tuningName: [row]])
    #expect(try Plan(graph(), for: cpu, tuning: table).explain().contains("[blas, measured]"))
  }

  /// OpenBLAS chooses its own instructions, so it is not combined with narrower kernels.
  @Test(
    .enabled(
      if: CPUDevice.InstructionSet.present.count > 1,
      "this processor has no vector instructions beside the baseline"))
  func narrowerInstructionSetsDeclineIt() throws {
    for set in CPUDevice.InstructionSet.present.dropFirst() {
      let error = #expect(throws: PlanError.self) {
        try Plan(graph(), for: CPUDevice(set).info, forcing: ["convolution": "blas"])
      }
      #expect(error?.declined.first?.contains("uses the widest instructions") == true)
    }
  }

  /// Blocks of pixels are separate products, so the number of threads changes nothing.
  @Test(.enabled(if: isInstalled, "OpenBLAS is not installed"))
  func threadsGiveTheSameBits() throws {
    let image = Reference.random([2, 9, 7, 24], -1...1, seed: 3).tensor.bytes
    func result(_ threads: Int) throws -> Tensor {
      let device = CPUDevice(threads: threads)
      var info = device.info
      info.units = 2  // the same blocks
      let executable = try device.compile(
        Plan(graph(), for: info, forcing: ["convolution": "blas"]))
      try executable.write("x", image)
      try executable.run()
      return try executable.read("y")
    }
    #expect(try result(2) == result(1))
  }
}
