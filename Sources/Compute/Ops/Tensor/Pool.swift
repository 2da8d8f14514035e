import CPUKernels

/// Maximum or average over a square window; positions outside the image are ignored.
///
/// Input: float32 [batch, height, width, channels]; output the same with the pooled size. `.same`
/// padding gives ⌈size / stride⌉ outputs.
package struct Pool: ImageResizing {
  package static let name = "pool"
  static let kernels = KernelPair(glint_cpu_pool, glint_opencl_pool)

  package enum Kind: String, Hashable, Sendable {
    case max
    case average
  }

  package let kind: Kind
  package let window: Int
  package let stride: Int
  package let padding: Convolution.Padding

  package init(
    _ kind: Kind, window: Int = 2, stride: Int = 2, padding: Convolution.Padding = .valid
  ) {
    precondition(window > 0 && stride > 0, "window and stride are positive")
    self.kind = kind
    self.window = window
    self.stride = stride
    self.padding = padding
  }

  package var parameters: String {
    "\(kind.rawValue) \(window) s\(stride) \(padding.label)"
  }

  func extents(_ shape: [Int]) -> (rows: (before: Int, out: Int), columns: (Int, Int)) {
    let geometry = Convolution(stride: stride, padding: padding)
    return (
      geometry.extent(shape[1], window, vertical: true),
      geometry.extent(shape[2], window, vertical: false)
    )
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32 else {
      throw ShapeError(Self.name, "takes float32 [batch×height×width×channels], not \(inputs)")
    }
    if case .zeros(let top, let left, let bottom, let right) = padding,
      [top, left, bottom, right].max()! >= window
    {
      throw ShapeError(Self.name, "padding as wide as the window leaves windows without pixels")
    }
    let (rows, columns) = extents(inputs[0].shape)
    guard rows.out > 0, columns.1 > 0 else {
      throw ShapeError(
        Self.name, "an image of \(inputs[0]) is smaller than the window of \(window)")
    }
    return [TensorType(.float32, inputs[0].shape[0], rows.out, columns.1, inputs[0].channels)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (rows, columns) = extents(shape)
    let type = TensorType(.float32, shape[0], rows.out, columns.1, shape[3])
    var values: [Double] = []
    for n in 0..<shape[0] {
      for oy in 0..<rows.out {
        for ox in 0..<columns.1 {
          let (top, left) = (oy * stride - rows.before, ox * stride - columns.0)
          for c in 0..<shape[3] {
            var seen: [Double] = []
            for iy in max(top, 0)..<min(top + window, shape[1]) {
              for ix in max(left, 0)..<min(left + window, shape[2]) {
                seen.append(inputs[0].values[((n * shape[1] + iy) * shape[2] + ix) * shape[3] + c])
              }
            }
            values.append(
              kind == .max ? seen.max()! : seen.reduce(0, +) / Double(seen.count))
          }
        }
      }
    }
    return [Reference(type, values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: outputs[0].count * window * window, bytes: inputs[0].bytes + outputs[0].bytes)
  }

  func kernelParameters(_ site: Site) -> glint_spatial_params {
    let (x, y) = (site.inputs[0].shape, site.outputs[0].shape)
    let (rows, columns) = extents(x)
    return glint_spatial_params(
      batch: Int32(x[0]), height: Int32(x[1]), width: Int32(x[2]), channels: Int32(x[3]),
      out_height: Int32(y[1]), out_width: Int32(y[2]), window: Int32(window),
      stride: Int32(stride), pad_top: Int32(rows.before), pad_left: Int32(columns.0),
      kind: Int32(kind == .max ? glint_pool_max : glint_pool_average), in: site.inputRange(0),
      out: site.writtenRange)
  }

  package static var samples: [Sample] {
    [Kind.max, .average].flatMap { kind in
      [
        (Pool(kind), [1, 2, 2, 1]), (Pool(kind), [2, 13, 7, 17]),
        (Pool(kind, window: 3, stride: 2, padding: .same), [1, 7, 13, 3]),
        (Pool(kind, window: 3, stride: 1, padding: .same), [1, 5, 3, 16]),
        (Pool(kind, window: 3, stride: 2, padding: .zeros(1)), [1, 6, 9, 5]),
        (Pool(kind, window: 3, stride: 2), [1, 3, 17, 1]),
      ].map { op, shape in
        Sample(op, [.random(shape, -9...9)], .roundings(kind == .max ? 0 : 10), tiny: true)
      }
    }
  }
}
