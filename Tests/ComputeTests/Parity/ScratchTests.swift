import Testing

@testable import Compute

/// A convolution whose launches request less scratch than their kernels write.
private struct Cramped: NotDifferentiable {
  static let name = "cramped"
  static var samples: [Sample] { [] }
  let missing: Int

  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try Convolution().outputs(inputs)
  }
  func reference(_ inputs: [Reference]) -> [Reference] { Convolution().reference(inputs) }
  func magnitudes(_ inputs: [Reference]) -> [Reference] { Convolution().magnitudes(inputs) }

  var cpu: [Candidate<CPULaunch>] {
    Convolution().cpu.map { way in
      Candidate(way.name, error: way.error) { site in
        guard
          case .launches(var launches, let workspace, let preparing, let prepared) = way.lower(site)
        else { return way.lower(site) }
        for index in launches.indices {
          launches[index].scratch = max(launches[index].scratch - missing, 0)
        }
        return .launches(launches, workspace: workspace, preparing: preparing, prepared: prepared)
      }
    }
  }
  var openCL: [Candidate<OpenCLLaunch>] { [] }
}

/// Kernels stay within the scratch that their launches request; the harness detects if not.
@Suite struct ScratchTests {
  private func outcomes(missing: Int, _ set: CPUDevice.InstructionSet) throws -> [Parity.Outcome] {
    let sample = Sample(
      Cramped(missing: missing),
      [.random([1, 9, 13, 24], -1...1, seed: 1), .random([3, 3, 24, 16], -1...1, seed: 2)],
      .magnitude(230))
    return try Parity(sample).run(on: CPUDevice(set, threads: 2))
  }

  @Test(arguments: CPUDevice.InstructionSet.present)
  func whatIsAskedForIsEnough(_ set: CPUDevice.InstructionSet) throws {
    for outcome in try outcomes(missing: 0, set) { #expect(outcome.failure == nil, "\(outcome)") }
  }

  @Test func lessIsNoticed() throws {
    let found = try outcomes(missing: 64, .baseline).filter {
      $0.candidate.hasPrefix("winograd")
    }
    #expect(found.count == 2)
    for outcome in found {
      #expect(outcome.failure?.contains("beyond its scratch") == true, "\(outcome)")
    }
  }
}
