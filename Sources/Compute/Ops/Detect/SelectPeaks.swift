import CPUKernels

/// The listed maxima above their frame's cut-off, as one list over the batch in (frame, y, x)
/// order.
///
/// Inputs: index int32 [frames, room], value float32 [frames, room], count int32 [frames], cutoff
/// float32 [frames] (NaN keeps nothing). Outputs: peaks int32 [capacity, 3] (frame, y, x), score
/// float32 [capacity], total int32 [1]. The total may exceed the capacity: then the rows that fit
/// are written, and the caller makes a new plan with more room.
package struct SelectPeaks: NotDifferentiable {
  package static let name = "select_peaks"
  /// Width of the frames, pixels.
  package let width: Int
  package let capacity: Int
  /// The selected columns and rows; nil for all.
  package let columns: Range<Int>?
  package let rows: Range<Int>?

  package init(
    width: Int, capacity: Int, columns: Range<Int>? = nil, rows: Range<Int>? = nil
  ) {
    self.width = width
    self.capacity = capacity
    self.columns = columns
    self.rows = rows
  }

  package var parameters: String {
    let part = [columns.map { "columns \($0)" }, rows.map { "rows \($0)" }].compactMap { $0 }
    return (["width \(width)", "room for \(capacity)"] + part).joined(separator: ", ")
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 4, inputs[0].element == .int32, inputs[0].shape.count == 2,
      !inputs[0].shape.contains(0), inputs[1] == TensorType(.float32, inputs[0].shape),
      inputs[2] == TensorType(.int32, inputs[0].shape[0]),
      inputs[3] == TensorType(.float32, inputs[0].shape[0])
    else {
      throw ShapeError(
        Self.name, "takes maxima's index, value and count and a cut-off, not \(inputs)")
    }
    guard width > 0, capacity > 0 else {
      throw ShapeError(Self.name, "width \(width) and capacity \(capacity) must be positive")
    }
    return [
      TensorType(.int32, capacity, 3), TensorType(.float32, capacity), TensorType(.int32, 1),
    ]
  }

  private func isIncluded(_ index: Int) -> Bool {
    columns?.contains(index % width) ?? true && rows?.contains(index / width) ?? true
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let room = inputs[0].type.shape[1]
    var peaks = [Double](repeating: -1, count: 3 * capacity)
    var score = [Double](repeating: .nan, count: capacity)
    var total = 0
    for (frame, count) in inputs[2].values.enumerated() {
      for entry in frame * room..<frame * room + Int(count)
      where inputs[1].values[entry] > inputs[3].values[frame]
        && isIncluded(Int(inputs[0].values[entry]))
      {
        if total < capacity {
          let index = Int(inputs[0].values[entry])
          peaks.replaceSubrange(
            3 * total..<3 * total + 3,
            with: [Double(frame), Double(index / width), Double(index % width)])
          score[total] = inputs[1].values[entry]
        }
        total += 1
      }
    }
    return [
      Reference(TensorType(.int32, capacity, 3), peaks),
      Reference(TensorType(.float32, capacity), score),
      Reference(TensorType(.int32, 1), [Double(total)]),
    ]
  }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let total = Int(outputs[2].values[0])
    return [
      (0..<3 * capacity).map { $0 < 3 * total }, (0..<capacity).map { $0 < total }, nil,
    ]
  }

  private func kernelParameters(_ site: Site) -> glint_select_params {
    // A range of rows ends before any index overflows.
    let last = Int(Int32.max) / width
    return glint_select_params(
      frames: Int32(site.inputs[0].shape[0]), width: Int32(width),
      left: Int32(columns?.lowerBound ?? 0), right: Int32(columns?.upperBound ?? width),
      top: Int32(rows?.lowerBound ?? 0), bottom: Int32(min(rows?.upperBound ?? last, last)),
      list_capacity: Int32(site.inputs[0].shape[1]), capacity: Int32(capacity))
  }

  private func workspace(_ site: Site) -> [TensorType] {
    [TensorType(.int32, site.inputs[0].shape[0])]
  }

  private let counting = glint_select_count_operands(
    indices: .input(0), values: .input(1), counts: .input(2), cutoff: .input(3),
    kept: .workspace(0))
  private let writing = glint_select_peaks_operands(
    indices: .input(0), values: .input(1), counts: .input(2), cutoff: .input(3),
    kept: .workspace(0), peaks: .output(0), score: .output(1), total: .output(2))

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("frames") { site in
        let frames = Items.fixed(site.inputs[0].shape[0])
        return .launches(
          [
            CPULaunch(
              glint_cpu_select_count, kernelParameters(site), counting, items: frames, grain: 8),
            CPULaunch(
              glint_cpu_select_peaks, kernelParameters(site), writing, items: frames, grain: 8),
          ], workspace: workspace(site))
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("group") { site in
        let frames = site.inputs[0].shape[0]
        return .launches(
          [
            OpenCLLaunch(
              glint_opencl_select_count, kernelParameters(site), counting, items: frames,
              global: [frames * 64]),
            OpenCLLaunch(
              glint_opencl_select_peaks, kernelParameters(site), writing, items: frames,
              global: [frames * 64]),
          ], workspace: workspace(site))
      }
    ]
  }

  package static var samples: [Sample] {
    func sample(
      _ shape: [Int], capacity: Int, _ cutoffs: [Double], columns: Range<Int>? = nil,
      rows: Range<Int>? = nil, note: String = ""
    ) -> Sample {
      let frames = Reference.random(shape, 0...1, seed: 81)
      let maxima = LocalMaxima(radius: 1).reference([frames])
      let cutoff = Reference(TensorType(.float32, shape[0]), cutoffs)
      return Sample(
        SelectPeaks(width: shape[2], capacity: capacity, columns: columns, rows: rows),
        maxima.map(\.withoutGaps) + [cutoff],
        note: note, .exact, tiny: frames.values.count < 500)
    }
    return [
      sample([1, 1, 1], capacity: 1, [0]), sample([3, 13, 9], capacity: 60, [0.5, 0.75, 0.25]),
      sample([2, 13, 17], capacity: 3, [0.25, 0.25], note: "more than fit"),
      sample([2, 9, 9], capacity: 5, [.infinity, .nan], note: "none"),
      sample([70, 20, 21], capacity: 3000, Array(repeating: 0.5, count: 70)),
      sample([1, 65, 64], capacity: 900, [0]),
      sample(
        [2, 13, 17], capacity: 90, [0.25, 0.5], columns: 3..<17, rows: 0..<9, note: "a region"),
    ]
  }
}

extension Reference {
  /// The same with zeros for NaN, since entries past the end of a list do not matter.
  fileprivate var withoutGaps: Reference { Reference(type, values.map { $0.isNaN ? 0 : $0 }) }
}
