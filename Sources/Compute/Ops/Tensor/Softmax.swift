import CPUKernels
import Foundation

/// Softmax over the last axis: eˣ over the sum of eˣ.
package struct Softmax: Op {
  package static let name = "softmax"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, inputs[0].channels > 0,
      !inputs[0].shape.isEmpty
    else { throw ShapeError(Self.name, "takes one float32 tensor with channels, not \(inputs)") }
    return inputs
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let values = (0..<type.pixels).flatMap { pixel in
      let row = inputs[0].values[pixel * type.channels..<(pixel + 1) * type.channels]
      let powers = row.map { exp($0 - row.max()!) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    return [Reference(type, values)]
  }

  private var operands: glint_softmax_operands {
    glint_softmax_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("pixels") { site in
      CPULaunch(
        glint_cpu_softmax, site.channels(), operands,
        items: .fixed(site.inputs[0].pixels), grain: 64)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("pixels") { site in
      OpenCLLaunch(
        glint_opencl_softmax, site.channels(), operands,
        items: site.inputs[0].pixels)
    }
  }

  package static var samples: [Sample] {
    [[1, 1], [5, 3], [13, 17], [3, 65]].map {
      Sample(Softmax(), [.random($0, -30...30)], .absolute(1e-6), tiny: true)
    } + [
      Sample(
        Softmax(), [Reference(Tensor([1000, 1000, -1000] as [Float], shape: [1, 3]))],
        note: "large", .absolute(1e-6), tiny: true)
    ]
  }
}
