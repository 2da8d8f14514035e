import CPUKernels
import Compute

/// A sum of two vectors with one fault, to show that the checks detect it.
package struct FaultyAdd: NotDifferentiable {
  package enum Fault: String, CaseIterable, Sendable {
    case none
    /// The reference differs from the kernels.
    case wrongValue
    /// One element too many is written.
    case strayWrite
    /// The last element is not written.
    case unwritten
    /// The second operand is uninitialised memory.
    case uninitialized
    /// An uninitialised variable is stored, in OpenCL.
    case privateUninitialized
    /// The OpenCL text does not compile.
    case doesNotBuild
    /// All work-items write different values to the first element.
    case race
    /// A work-item writes far beyond the memory.
    case outOfBounds
    /// A work-group larger than any device allows.
    case hugeGroup
    /// Every candidate declines.
    case declines
    /// It declares that the sum may overwrite the second operand, but writes before the last read
    /// of it.
    case notInPlace
  }

  package static let name = "faulty add"
  package static var samples: [Sample] { Fault.allCases.map { sample($0) } }
  package let fault: Fault

  package init(_ fault: Fault) { self.fault = fault }

  package static func sample(_ fault: Fault, count: Int = 37) -> Sample {
    Sample(
      FaultyAdd(fault), [.random([count], 1...9, seed: 1), .random([count], 1...9, seed: 2)],
      .roundings(1), tiny: true)
  }

  package var parameters: String { fault.rawValue }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try Add().outputs(inputs)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    var sum = Add().reference(inputs)[0]
    if fault == .wrongValue { sum.values[3] += 1e-3 }
    return [sum]
  }

  package var updates: [Int: Int] { fault == .notInPlace ? [0: 1] : [:] }

  private func adding(_ right: glint_in) -> glint_add_operands {
    glint_add_operands(left: .input(0), right: right, out: .output(0))
  }

  private var passes: [glint_add_operands] {
    let own = adding(fault == .uninitialized ? .workspace(0) : .input(1))
    return fault == .notInPlace ? [adding(.input(0)), own] : [own]
  }

  private func items(_ site: Site) -> Int {
    switch fault {
    case .strayWrite: site.inputs[0].count + 1
    case .unwritten: site.inputs[0].count - 1
    default: site.inputs[0].count
    }
  }

  private var defines: [String: String] {
    switch fault {
    case .doesNotBuild: ["left": "left + no_such_name"]
    case .race:
      ["get_global_id(d)": "0", "if(condition)": "out[i] = (float)get_local_id(0); if (0)"]
    case .privateUninitialized:
      ["if(condition)": "volatile float fresh[2]; out[i] = fresh[i & 1]; if (0)"]
    case .outOfBounds: ["get_global_id(d)": "((int)get_local_id(d) << 22)", "if(condition)": ""]
    default: [:]
    }
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("vector") { site in
        fault == .declines
          ? .declined("it never applies")
          : .launches(
            passes.map {
              CPULaunch(glint_cpu_add, glint_no_params(), $0, items: .fixed(items(site)))
            },
            workspace: [site.inputs[0]])
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("item") { site in
        fault == .declines
          ? .declined("it never applies")
          : .launches(
            passes.map {
              OpenCLLaunch(
                glint_opencl_add, defines: defines, glint_no_params(), $0, items: items(site),
                local: fault == .hugeGroup ? [1 << 20] : [64])
            }, workspace: [site.inputs[0]])
      }
    ]
  }
}
