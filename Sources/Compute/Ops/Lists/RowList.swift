import CPUKernels

/// An op that lists what it finds in an image in row order: it counts the entries of each row, adds
/// up the counts to get each row's start, then writes the rows.
///
/// Outputs: places int32 [room, columns], values float32 [room, channels], total int32 [1], the
/// true number, which may exceed the room. Entries past the total are undefined.
protocol RowList: NotDifferentiable {
  var room: Int { get }
  /// The kernels that count the entries of rows, and the kernels that write them.
  static var counting: KernelPair<glint_list_params, glint_row_counts_operands> { get }
  static var writing: KernelPair<glint_list_params, glint_row_list_operands> { get }
  /// Rows that a thread takes at once.
  static var grain: Int { get }
  func kernelParameters(_ site: Site) -> glint_list_params
}

extension RowList {
  func types(columns: Int, channels: Int) -> [TensorType] {
    [
      TensorType(.int32, room, columns), TensorType(.float32, room, channels),
      TensorType(.int32, 1),
    ]
  }

  /// Entries as the outputs of a reference, with places of −1 past the total.
  func lists(_ places: [Double], _ values: [Double], total: Int, types: [TensorType])
    -> [Reference]
  {
    func filled(_ list: [Double], _ type: TensorType, _ rest: Double) -> Reference {
      Reference(type, list + Array(repeating: rest, count: type.count - list.count))
    }
    return [
      filled(places, types[0], -1), filled(values, types[1], .nan),
      Reference(types[2], [Double(total)]),
    ]
  }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let listed = outputs[0].values.map { $0 >= 0 }
    let (columns, channels) = (outputs[0].type.channels, outputs[1].type.channels)
    return [listed, outputs[1].values.indices.map { listed[$0 / channels * columns] }, nil]
  }

  private var counts: glint_row_counts_operands {
    glint_row_counts_operands(map: .input(0), counts: .workspace(0))
  }

  private var starts: glint_list_starts_operands {
    glint_list_starts_operands(
      counts: .workspace(0), starts: .workspace(1), total: .output(2))
  }

  private func rows(_ site: Site) -> glint_row_list_operands {
    glint_row_list_operands(
      map: .input(0), features: site.inputs.count > 1 ? .input(1) : .none, starts: .workspace(1),
      places: .output(0), values: .output(1))
  }

  /// Counts and starts of the rows.
  private func workspace(_ rows: Int) -> [TensorType] {
    [TensorType(.int32, rows), TensorType(.int32, rows)]
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("rows") { site in
        let parameters = kernelParameters(site)
        let rows = Int(parameters.rows)
        return .launches(
          [
            CPULaunch(
              Self.counting.cpu, parameters, counts, items: .fixed(rows), grain: Self.grain),
            CPULaunch(glint_cpu_list_starts, parameters, starts, items: .fixed(1)),
            CPULaunch(
              Self.writing.cpu, parameters, self.rows(site), items: .fixed(rows),
              grain: Self.grain),
          ], workspace: workspace(rows))
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("rows") { site in
        let parameters = kernelParameters(site)
        let rows = Int(parameters.rows)
        return .launches(
          [
            OpenCLLaunch(Self.counting.openCL, parameters, counts, items: rows),
            OpenCLLaunch(glint_opencl_list_starts, parameters, starts, items: 1),
            OpenCLLaunch(Self.writing.openCL, parameters, self.rows(site), items: rows),
          ], workspace: workspace(rows))
      }
    ]
  }
}
