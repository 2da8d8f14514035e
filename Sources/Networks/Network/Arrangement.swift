import Compute

/// The layout of a parameter in the graph, derived from its layout in files.
struct Arrangement: Hashable, Sendable {
  /// The file's shape with some axes split; nil if none is.
  var parts: [Int]?
  /// Axis k of the graph's tensor is axis `order[k]` of the file's; nil for the same order.
  var order: [Int]?
  /// The graph's shape with some axes merged; nil if none is.
  var joined: [Int]?
  var spread: Spread?

  /// Zeros inserted along the first two axes, the rows and columns of a kernel.
  struct Spread: Hashable, Sendable {
    /// Distance between taps.
    var step: Int
    var rows: (before: Int, after: Int)
    var columns: (before: Int, after: Int)

    init(step: Int, before: (rows: Int, columns: Int), after: (rows: Int, columns: Int)) {
      self.step = step
      rows = (before.rows, after.rows)
      columns = (before.columns, after.columns)
    }

    static func == (a: Spread, b: Spread) -> Bool {
      a.step == b.step && a.rows == b.rows && a.columns == b.columns
    }

    func hash(into hasher: inout Hasher) { hasher.combine(step) }

    func shape(_ shape: [Int]) -> [Int] {
      [
        (shape[0] - 1) * step + 1 + rows.before + rows.after,
        (shape[1] - 1) * step + 1 + columns.before + columns.after,
      ] + shape[2...]
    }

    /// Calls `copy` with the start of each tap's values without and with the zeros.
    func forEachTap(_ shape: [Int], copy: (_ dense: Int, _ spread: Int) -> Void) {
      let (values, width) = (shape[2...].reduce(1, *), self.shape(shape)[1])
      for row in 0..<shape[0] {
        for column in 0..<shape[1] {
          let place = (rows.before + row * step) * width + columns.before + column * step
          copy((row * shape[1] + column) * values, place * values)
        }
      }
    }
  }

  init(
    parts: [Int]? = nil, order: [Int]? = nil, joined: [Int]? = nil, spread: Spread? = nil
  ) {
    self.parts = parts
    self.order = order
    self.joined = joined
    self.spread = spread
  }

  /// The graph's shape for a tensor whose shape in files is `shape`.
  func graphShape(_ shape: [Int]) -> [Int] {
    let split = parts ?? shape
    let turned = order.map { $0.map { split[$0] } } ?? split
    let whole = joined ?? turned
    return spread?.shape(whole) ?? whole
  }

  /// Converts a file's tensor to the graph's layout.
  func forGraph(_ tensor: Tensor) -> Tensor {
    var result = parts.map(tensor.reshaped) ?? tensor
    if let order { result = result.permuted(order) }
    if let joined { result = result.reshaped(joined) }
    guard let spread else { return result }
    let (shape, given) = (result.type.shape, result.floats)
    let larger = spread.shape(shape)
    var values = [Float](repeating: 0, count: larger.reduce(1, *))
    let count = shape[2...].reduce(1, *)
    spread.forEachTap(shape) { from, to in
      values.replaceSubrange(to..<to + count, with: given[from..<from + count])
    }
    return Tensor(values, shape: larger)
  }

  /// Converts a graph's tensor to the layout of files with that shape.
  func forFile(_ tensor: Tensor, _ shape: [Int]) -> Tensor {
    let split = parts ?? shape
    let turned = order.map { $0.map { split[$0] } } ?? split
    var result = tensor
    if let spread {
      let given = tensor.floats
      var values = [Float](repeating: 0, count: turned.reduce(1, *))
      let count = turned[2...].reduce(1, *)
      spread.forEachTap(turned) { to, from in
        values.replaceSubrange(to..<to + count, with: given[from..<from + count])
      }
      result = Tensor(values, shape: turned)
    } else {
      result = result.reshaped(turned)
    }
    if let order {
      result = result.permuted(order.indices.map { order.firstIndex(of: $0) ?? $0 })
    }
    return result.reshaped(shape)
  }
}
