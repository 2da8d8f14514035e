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

/// INTERIM
func fit(_ spots: [Spot], _ condition: Condition, isa: glint_isa) -> [FittedSpot] {
  let n = spots.count
  var p = glint_fit_params()
  p.box = Int32(condition.box)
  p.capacity = Int32(n)
  p.has_noise_map = 0
  p.noise_variance = Float(condition.readNoise * condition.readNoise)
  p.sigma_x = Float(condition.psfSigma)
  p.sigma_y = Float(condition.psfSigma)
  p.max_iterations = 50
  p.tolerance = 0.02
  var pixels = spots.flatMap(\.pixels)
  var noise: [Float] = [0]
  var total: [Int32] = [Int32(n)]
  var theta = [Float](repeating: 0, count: n * 6)
  var iterations = [Int32](repeating: 0, count: n)
  var state = [Int32](repeating: 0, count: n)
  var bound = [Float](repeating: 0, count: n * 12)
  var deviance = [Float](repeating: 0, count: n)
  var chi = [Float](repeating: 0, count: n)
  let scratch = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 64)
  defer { scratch.deallocate() }
  func p0<T>(_ a: inout [T]) -> UnsafeMutableRawPointer? { a.withUnsafeMutableBytes { $0.baseAddress } }
  let fitBuffers = [p0(&pixels), p0(&noise), p0(&total), p0(&theta), p0(&iterations), p0(&state)]
  glint_kernel_find("fit_\(condition.sigma)", isa)!(&p, fitBuffers, 0, Int64(n), scratch)
  let buffers = [p0(&pixels), p0(&noise), p0(&theta), p0(&total), p0(&bound), p0(&deviance), p0(&chi)]
  glint_kernel_find("assess_\(condition.sigma)", isa)!(&p, buffers, 0, Int64(n), scratch)
  return (0..<n).map { i in
    FittedSpot(
      theta: theta[i * 6..<i * 6 + 6].map(Double.init),
      errors: (0..<6).map {
        (Double(bound[i * 12 + 2 * $0]) + Double(bound[i * 12 + 2 * $0 + 1])).squareRoot()
      },
      iterations: Int(iterations[i]), state: FitState(rawValue: Int(state[i])) ?? .invalid)
  }
}
