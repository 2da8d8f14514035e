import CPUKernels
import Compute
import Testing

/// An op whose launches are made for these tests; its output has the type of its first input.
private struct Launching: NotDifferentiable {
  static let name = "launching"
  static var samples: [Sample] { [] }
  var cpuLaunch: (@Sendable (Site) -> CPULaunch)?
  var openCLLaunch: (@Sendable (Site) -> OpenCLLaunch)?

  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [inputs[0]] }
  func reference(_ inputs: [Reference]) -> [Reference] { [inputs[0]] }

  var cpu: [Candidate<CPULaunch>] {
    cpuLaunch.map { launch in [Candidate("one") { .launches([launch($0)]) }] } ?? []
  }
  var openCL: [Candidate<OpenCLLaunch>] {
    openCLLaunch.map { launch in [Candidate("one") { .launches([launch($0)]) }] } ?? []
  }
}

/// The tensors of a launch are checked against the kernel's declaration when the plan is made.
@Suite struct OperandTests {
  private func plan(
    _ op: Launching, _ inputs: TensorType..., kind: DeviceInfo.Kind = .cpu
  ) throws -> Plan {
    var graph = Graph()
    let values = inputs.enumerated().map { graph.input("x\($0)", $1) }
    graph.output("y", try graph.apply(op, to: values)[0])
    var info = CPUDevice().info
    info.kind = kind
    return try Plan(graph, for: info)
  }

  private let floats = TensorType(.float32, 8)
  private let integers = TensorType(.int32, 8)

  private func adding(_ right: glint_in) -> Launching {
    Launching(
      cpuLaunch: { _ in
        CPULaunch(
          glint_cpu_add, glint_no_params(), .init(left: .input(0), right: right, out: .output(0)),
          items: .fixed(8))
      },
      openCLLaunch: { _ in
        OpenCLLaunch(
          glint_opencl_add, glint_no_params(),
          .init(left: .input(0), right: right, out: .output(0)), items: 8)
      })
  }

  @Test(arguments: [DeviceInfo.Kind.cpu, .openCLGPU])
  func anotherElementIsRefused(_ kind: DeviceInfo.Kind) throws {
    _ = try plan(adding(.input(1)), floats, floats, kind: kind)
    let error = #expect(throws: OperandError.self) {
      try plan(adding(.input(1)), floats, integers, kind: kind)
    }
    #expect(
      error?.description == "add: its operand `right` takes float32, not input(1): int32[8]")
  }

  @Test(arguments: [glint_in.input(2), .workspace(0), .prepared(0)])
  func aTensorThatIsNotThereIsRefused(_ operand: glint_in) throws {
    let error = #expect(throws: OperandError.self) {
      try plan(adding(operand), floats, floats)
    }
    #expect(error?.operand == "right")
    #expect(error?.reason.contains("is not there") == true)
  }

  private func calibrating(
    _ kernel: @escaping CPUKernel<glint_calibrate_params, glint_calibrate_operands>
  ) -> Launching {
    Launching(cpuLaunch: { _ in
      CPULaunch(
        kernel, glint_calibrate_params(),
        .init(frames: .input(0), offsets: .none, gains: .none, out: .output(0)), items: .fixed(1))
    })
  }

  /// A kernel compiled for one element type of movies accepts no other; absent operands are
  /// allowed.
  @Test func pixelsOfAnotherElementAreRefused() throws {
    _ = try plan(calibrating(glint_cpu_calibrate_f32), floats)
    let error = #expect(throws: OperandError.self) {
      try plan(calibrating(glint_cpu_calibrate_u16), floats)
    }
    #expect(error?.kernel == "calibrate_u16")
    #expect(error?.reason == "takes uint16, not input(0): float32[8]")
  }

  /// What is written is checked like what is read.
  @Test func anOutputOfAnotherElementIsRefused() throws {
    let op = Launching(cpuLaunch: { _ in
      CPULaunch(
        glint_cpu_wavelet_noise, glint_noise_params(),
        .init(images: .input(1), noise: .output(0)), items: .fixed(1))
    })
    #expect(throws: OperandError.self) { try plan(op, integers, floats) }
    _ = try plan(op, floats, floats)
  }
}
