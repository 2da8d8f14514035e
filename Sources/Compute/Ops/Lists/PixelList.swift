import CPUKernels

/// A list of the pixels whose score reaches a threshold, with their features, in the order of
/// frames, rows and columns.
///
/// Inputs: score [frames, height, width, 1], features [frames, height, width, channels]. Outputs:
/// places int32 [room, 3] (frame, y, x), values float32 [room, channels], total int32 [1], the true
/// number, which may exceed the room. Entries past the total are undefined.
package struct PixelList: RowList {
  package static let name = "pixel list"
  static let counting = KernelPair(glint_cpu_pixel_counts, glint_opencl_pixel_counts)
  static let writing = KernelPair(glint_cpu_pixel_list, glint_opencl_pixel_list)
  static let grain = 16
  package let threshold: Float
  package let room: Int

  package init(threshold: Float, room: Int) {
    precondition(room > 0, "a list has room for one entry")
    self.threshold = threshold
    self.room = room
  }

  package var parameters: String { "≥\(threshold), room \(room)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.shape.count == 4 && $0.element == .float32 }),
      inputs[0].channels == 1, inputs[0].shape.dropLast() == inputs[1].shape.dropLast()
    else {
      throw ShapeError(
        Self.name, "takes a score [frames×height×width×1] and features of its size, not \(inputs)")
    }
    return types(columns: 3, channels: inputs[1].channels)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let channels = inputs[1].type.channels
    var places: [Double] = []
    var values: [Double] = []
    let found = inputs[0].values.indices.filter { inputs[0].values[$0] >= Double(threshold) }
    for index in found.prefix(room) {
      let row = index / shape[2]
      places += [Double(row / shape[1]), Double(row % shape[1]), Double(index % shape[2])]
      values += inputs[1].values[index * channels..<(index + 1) * channels]
    }
    return lists(
      places, values, total: found.count, types: types(columns: 3, channels: channels))
  }

  func kernelParameters(_ site: Site) -> glint_list_params {
    let shape = site.inputs[0].shape
    return glint_list_params(
      rows: Int32(shape[0] * shape[1]), height: Int32(shape[1]), width: Int32(shape[2]),
      channels: Int32(site.inputs[1].channels), room: Int32(room), radius: 0,
      threshold: threshold, second: 0)
  }

  package static var samples: [Sample] {
    func sample(_ shape: [Int], _ channels: Int, _ threshold: Float, room: Int) -> Sample {
      let score = Reference.random(shape + [1], 0...1, seed: 1)
      let features = Reference.random(shape + [channels], -9...9, seed: 2)
      return Sample(
        PixelList(threshold: threshold, room: room), [score, features], .exact, tiny: true)
    }
    return [3, 200].flatMap { room in
      [
        sample([1, 1, 1], 1, 0, room: room), sample([2, 13, 17], 3, 0.8, room: room),
        sample([3, 5, 3], 17, 0.5, room: room), sample([1, 3, 3], 2, 2, room: room),
      ]
    }
  }
}
