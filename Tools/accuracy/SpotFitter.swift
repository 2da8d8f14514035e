import CPUKernels
import Microscopy
import Optics

/// What a fit says of one spot; `errors` are standard errors, in the unit of each parameter.
struct FittedSpot {
  var theta: [Double]
  var errors: [Double]
  var iterations: Int
  var state: FitState
}

/// Fits spots with the vector kernels of one instruction set, as a plan on the CPU does.
struct SpotFitter {
  let instructions: glint_isa

  func fit(_ spots: [Spot], _ condition: Condition) -> [FittedSpot] {
    let rows = spots.count
    let width = Int(GLINT_SPOT_PARAMETERS)
    var settings = glint_fit_params(
      box: Int32(condition.box), capacity: Int32(rows), has_noise_map: 0,
      noise_variance: Float(condition.readNoise * condition.readNoise),
      sigma_x: Float(condition.psfSigma), sigma_y: Float(condition.psfSigma), max_iterations: 50,
      tolerance: 0.02)
    let pixels = Buffer(spots.flatMap(\.pixels))
    let noise = Buffer<Float>(count: 1)
    let total = Buffer([Int32(rows)])
    let theta = Buffer<Float>(count: rows * width)
    let iterations = Buffer<Int32>(count: rows)
    let state = Buffer<Int32>(count: rows)
    // Each variance in two parts, whose sum is more precise than either.
    let variance = Buffer<Float>(count: rows * width * 2)
    let deviance = Buffer<Float>(count: rows)
    let chiSquare = Buffer<Float>(count: rows)

    func launch(_ kernel: String, _ buffers: [UnsafeMutableRawPointer?]) {
      // Two groups of two boxes of the widest vector.
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: 4 * condition.box * condition.box * 64, alignment: 64)
      defer { scratch.deallocate() }
      glint_kernel_find("\(kernel)_\(condition.sigma)", instructions)!(
        &settings, buffers, 0, Int64(rows), scratch)
    }
    launch(
      "fit", [pixels.raw, noise.raw, total.raw, theta.raw, iterations.raw, state.raw])
    launch(
      "assess",
      [
        pixels.raw, noise.raw, theta.raw, total.raw, variance.raw, deviance.raw, chiSquare.raw,
      ])

    return (0..<rows).map { row in
      let columns = row * width..<(row + 1) * width
      return FittedSpot(
        theta: columns.map { Double(theta[$0]) },
        errors: columns.map { i in
          (Double(variance[2 * i]) + Double(variance[2 * i + 1])).squareRoot()
        },
        iterations: Int(iterations[row]),
        state: FitState(rawValue: Int(state[row])) ?? .invalid)
    }
  }
}

/// Memory that keeps its address while kernels use it.
private final class Buffer<Element: BitwiseCopyable & Numeric> {
  private let elements: UnsafeMutableBufferPointer<Element>
  var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(elements.baseAddress!) }

  init(_ values: [Element]) {
    elements = .allocate(capacity: values.count)
    _ = elements.initialize(from: values)
  }

  convenience init(count: Int) { self.init([Element](repeating: 0, count: count)) }

  deinit { elements.deallocate() }

  subscript(_ index: Int) -> Element { elements[index] }
}
