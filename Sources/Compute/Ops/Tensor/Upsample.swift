import CPUKernels

/// Enlarges an image by an integer factor.
///
/// Input: float32 [batch, height, width, channels]; output with height and width times `factor`.
/// Bilinear: pixel centres at half-integers, edge pixels repeated ("align corners" off).
package struct Upsample: ImageResizing {
  package static let name = "upsample"
  static let kernels = KernelPair(glint_cpu_upsample_image, glint_opencl_upsample_image)

  package enum Kind: String, Hashable, Sendable {
    case nearest
    case bilinear
  }

  package let kind: Kind
  package let factor: Int

  package init(_ kind: Kind = .nearest, by factor: Int = 2) {
    precondition(factor > 0, "a factor is positive")
    self.kind = kind
    self.factor = factor
  }

  package var parameters: String { "\(kind.rawValue) ×\(factor)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32 else {
      throw ShapeError(Self.name, "takes float32 [batch×height×width×channels], not \(inputs)")
    }
    let x = inputs[0].shape
    return [TensorType(.float32, x[0], x[1] * factor, x[2] * factor, x[3])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let x = inputs[0].type.shape
    var values: [Double] = []
    for n in 0..<x[0] {
      for oy in 0..<x[1] * factor {
        for ox in 0..<x[2] * factor {
          let (rows, columns) = (weights(oy, x[1]), weights(ox, x[2]))
          for c in 0..<x[3] {
            var sum = 0.0
            for (iy, v) in rows {
              for (ix, u) in columns {
                sum += v * u * inputs[0].values[((n * x[1] + iy) * x[2] + ix) * x[3] + c]
              }
            }
            values.append(sum)
          }
        }
      }
    }
    return [Reference(TensorType(.float32, x[0], x[1] * factor, x[2] * factor, x[3]), values)]
  }

  /// The source pixels of an output pixel along one axis, with their weights.
  func weights(_ out: Int, _ size: Int) -> [(Int, Double)] {
    guard kind == .bilinear else { return [(out / factor, 1)] }
    let place = (Double(out) + 0.5) / Double(factor) - 0.5
    let low = place.rounded(.down)
    return [
      (max(Int(low), 0), 1 - (place - low)), (min(Int(low) + 1, size - 1), place - low),
    ]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: kind == .nearest ? 0 : 6 * outputs[0].count,
      bytes: inputs[0].bytes + outputs[0].bytes)
  }

  func kernelParameters(_ site: Site) -> glint_spatial_params {
    let (x, y) = (site.inputs[0].shape, site.outputs[0].shape)
    let code = kind == .nearest ? glint_upsample_nearest : glint_upsample_bilinear
    return glint_spatial_params(
      batch: Int32(x[0]), height: Int32(x[1]), width: Int32(x[2]), channels: Int32(x[3]),
      out_height: Int32(y[1]), out_width: Int32(y[2]), window: 1, stride: Int32(factor),
      pad_top: 0, pad_left: 0, kind: Int32(code), in: site.inputRange(0),
      out: site.writtenRange)
  }

  package static var samples: [Sample] {
    [Kind.nearest, .bilinear].flatMap { kind in
      [(2, [1, 1, 1, 1]), (2, [2, 3, 5, 17]), (3, [1, 13, 2, 3]), (8, [1, 3, 3, 1])].map {
        Sample(
          Upsample(kind, by: $0), [.random($1, -9...9)], .roundings(kind == .nearest ? 0 : 6),
          tiny: true)
      }
    }
  }
}
