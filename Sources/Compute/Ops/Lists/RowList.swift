import CPUKernels

/// An op that lists what it finds in an image in the order of rows: entries of each row are counted,
/// the counts are added up to the place of each row's first, and the rows are written.
///
/// Outputs: places int32 [room, columns], values float32 [room, channels], total int32 [1]: how many
/// there are, which may be more than there is room for. Entries past the total are undefined.
protocol RowList: NotDifferentiable {
  var room: Int { get }
  /// Its kernels are `stem_counts` and `stem_list`, on the CPU and as `tensor/….cl`.
  static var stem: String { get }
  /// Rows that a thread takes at a time.
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

  /// Entries as the outputs of a definition, which gives places past the total as −1.
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

  public func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let listed = outputs[0].values.map { $0 >= 0 }
    let (columns, channels) = (outputs[0].type.channels, outputs[1].type.channels)
    return [listed, outputs[1].values.indices.map { listed[$0 / channels * columns] }, nil]
  }

  private var counting: [Operand] { [.input(0), .workspace(0)] }
  private var summing: [Operand] { [.workspace(0), .workspace(1), .output(2)] }

  private func writing(_ site: Site) -> [Operand] {
    site.inputs.indices.map(Operand.input) + [.workspace(1), .output(0), .output(1)]
  }

  /// Counts and starts of the rows.
  private func workspace(_ rows: Int) -> [TensorType] {
    [TensorType(.int32, rows), TensorType(.int32, rows)]
  }

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("rows") { site in
        let parameters = kernelParameters(site)
        let rows = Int(parameters.rows)
        func perRow(_ kernel: String, _ operands: [Operand]) -> CPULaunch {
          CPULaunch(kernel, parameters, operands, items: .fixed(rows), grain: Self.grain)
        }
        return .launches(
          [
            perRow("\(Self.stem)_counts", counting),
            CPULaunch("list_starts", parameters, summing, items: .fixed(1)),
            perRow("\(Self.stem)_list", writing(site)),
          ], workspace: workspace(rows))
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("rows") { site in
        let parameters = kernelParameters(site)
        let rows = Int(parameters.rows)
        return .launches(
          [
            OpenCLLaunch("tensor/\(Self.stem)_counts.cl", parameters, counting, items: rows),
            OpenCLLaunch("tensor/list_starts.cl", parameters, summing, items: 1),
            OpenCLLaunch("tensor/\(Self.stem)_list.cl", parameters, writing(site), items: rows),
          ], workspace: workspace(rows))
      }
    ]
  }
}
