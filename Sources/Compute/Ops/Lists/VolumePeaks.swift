import CPUKernels

/// Local maxima of volumes, with the centre of gravity of their windows (post-processing of
/// DeepSTORM3D, Nehme et al. 2020, with a radius of 4).
///
/// Input: volume float32 [frames, height, width, depth]. Outputs: places int32 [room, 4] (frame, y,
/// x, z), values float32 [room, 4] (x, y, z of the centre of gravity, peak), in voxels; total int32
/// [1], the true number, which may exceed the room. Entries past the total are undefined.
/// Maxima are at least `threshold`; of equal voxels in one window the first in (y, x, z) order
/// counts.
package struct VolumePeaks: RowList {
  package static let name = "volume peaks"
  static let counting = KernelPair(glint_cpu_volume_counts, glint_opencl_volume_counts)
  static let writing = KernelPair(glint_cpu_volume_list, glint_opencl_volume_list)
  static let grain = 1
  package let radius: Int
  package let threshold: Float
  package let room: Int

  package init(radius: Int = 4, threshold: Float, room: Int) {
    precondition(radius > 0 && room > 0, "radius and room are positive")
    precondition(threshold > 0, "a centre of gravity needs a positive peak")
    self.radius = radius
    self.threshold = threshold
    self.room = room
  }

  package var parameters: String { "radius \(radius), ≥\(threshold), room \(room)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32 else {
      throw ShapeError(
        Self.name, "takes a float32 volume [frames×height×width×depth], not \(inputs)")
    }
    return types(columns: 4, channels: 4)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let volume = inputs[0].values
    func at(_ n: Int, _ y: Int, _ x: Int, _ z: Int) -> Int {
      ((n * shape[1] + y) * shape[2] + x) * shape[3] + z
    }
    func window(_ centre: Int, _ size: Int) -> ClosedRange<Int> {
      max(centre - radius, 0)...min(centre + radius, size - 1)
    }
    var places: [Double] = []
    var values: [Double] = []
    var total = 0
    for index in volume.indices where volume[index] >= Double(threshold) {
      let z = index % shape[3]
      let x = index / shape[3] % shape[2]
      let y = index / shape[3] / shape[2] % shape[1]
      let n = index / shape[3] / shape[2] / shape[1]
      var most = true
      var (sum, sumX, sumY, sumZ) = (0.0, 0.0, 0.0, 0.0)
      for v in window(y, shape[1]) {
        for u in window(x, shape[2]) {
          for w in window(z, shape[3]) {
            let place = at(n, v, u, w)
            most =
              most
              && (place < index ? volume[place] < volume[index] : volume[place] <= volume[index])
            sum += volume[place]
            sumX += volume[place] * Double(u)
            sumY += volume[place] * Double(v)
            sumZ += volume[place] * Double(w)
          }
        }
      }
      guard most else { continue }
      if total < room {
        places += [n, y, x, z].map(Double.init)
        values += [sumX / sum, sumY / sum, sumZ / sum, volume[index]]
      }
      total += 1
    }
    return lists(places, values, total: total, types: types(columns: 4, channels: 4))
  }

  func kernelParameters(_ site: Site) -> glint_list_params {
    let shape = site.inputs[0].shape
    return glint_list_params(
      rows: Int32(shape[0] * shape[1]), height: Int32(shape[1]), width: Int32(shape[2]),
      channels: Int32(shape[3]), room: Int32(room), radius: Int32(radius), threshold: threshold,
      second: 0)
  }

  package static var samples: [Sample] {
    func sample(
      _ volume: Reference, radius: Int, _ threshold: Float, room: Int, note: String = ""
    ) -> Sample {
      Sample(
        VolumePeaks(radius: radius, threshold: threshold, room: room), [volume], note: note, .exact,
        .roundings(64), .exact, tiny: volume.values.count < 1000)
    }
    let small = Reference.random([2, 7, 9, 5], 0...1)
    return [
      sample(.random([1, 1, 1, 1], 0.6...1), radius: 4, 0.5, room: 8),
      sample(small, radius: 1, 0.7, room: 100), sample(small, radius: 1, 0.7, room: 5),
      sample(.random([1, 12, 13, 11], 0...1), radius: 4, 0.9, room: 16),
      sample(.random([1, 5, 6, 7], 0...2, seed: 3).rounded, radius: 2, 1, room: 20, note: "ties"),
    ]
  }
}
