import CPUKernels

/// How two shapes broadcast, by NumPy's rule: they are aligned at their last axes, and an axis that
/// is missing or of length 1 is stretched to the other's length.
struct Broadcast: Hashable, Sendable {
  /// The common shape.
  let shape: [Int]
  private let left: [Int]
  private let right: [Int]

  /// Nil if an axis differs and neither length is 1.
  ///
  /// - Parameter shape: what both are stretched to, if larger than they require themselves.
  init?(_ left: [Int], _ right: [Int], to shape: [Int] = []) {
    let rank = max(left.count, right.count, shape.count)
    let all = [left, right, shape].map { Self.padded($0, rank) }
    let lengths = (0..<rank).map { axis in all.first { $0[axis] != 1 }?[axis] ?? 1 }
    guard all.allSatisfy({ zip($0, lengths).allSatisfy { $0 == 1 || $0 == $1 } }) else {
      return nil
    }
    self.left = all[0]
    self.right = all[1]
    self.shape = lengths
  }

  /// The axes of `shape` along which a tensor of shape `part` is stretched.
  static func stretchedAxes(_ part: [Int], to shape: [Int]) -> [Int] {
    let part = padded(part, shape.count)
    return shape.indices.filter { part[$0] == 1 && shape[$0] != 1 }
  }

  private static func padded(_ shape: [Int], _ rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - shape.count) + shape
  }

  /// An axis, or several adjacent ones, along which both tensors have a constant stride.
  struct Axis: Hashable {
    var length: Int
    var left: Int
    var right: Int
  }

  /// The fewest axes that describe the position of every value, fastest last.
  var axes: [Axis] {
    var (leftStep, rightStep) = (1, 1)
    var axes: [Axis] = []
    for axis in shape.indices.reversed() {
      let next = Axis(
        length: shape[axis], left: left[axis] == 1 ? 0 : leftStep,
        right: right[axis] == 1 ? 0 : rightStep)
      leftStep *= left[axis]
      rightStep *= right[axis]
      guard next.length != 1 else { continue }
      if let last = axes.last, next.left == last.left * last.length,
        next.right == last.right * last.length
      {
        axes[axes.count - 1].length *= next.length
      } else {
        axes.append(next)
      }
    }
    return axes.isEmpty ? [Axis(length: 1, left: 0, right: 0)] : axes.reversed()
  }

  /// Whether kernels support this many axes.
  var fits: Bool { axes.count <= Int(GLINT_BROADCAST_AXES) }

  /// The positions in both tensors that each value of the result comes from.
  var places: [(left: Int, right: Int)] {
    axes.reduce([(0, 0)]) { places, axis in
      places.flatMap { place in
        (0..<axis.length).map { (place.left + $0 * axis.left, place.right + $0 * axis.right) }
      }
    }
  }

  func kernelParameters(_ kind: Int) -> glint_binary_params {
    let room = Int(GLINT_BROADCAST_AXES)
    let axes =
      Array(repeating: Axis(length: 1, left: 0, right: 0), count: room - axes.count) + axes
    func five(_ value: (Axis) -> Int) -> (Int32, Int32, Int32, Int32, Int32) {
      let values = axes.map { Int32(value($0)) }
      return (values[0], values[1], values[2], values[3], values[4])
    }
    return glint_binary_params(
      kind: Int32(kind), shape: five(\.length), left: five(\.left), right: five(\.right))
  }
}

extension Broadcast {
  /// The vector kernel of `kind` over tensors that are laid out as `rule` says.
  static func cpu(
    _ kind: Int, _ right: glint_in, _ rule: @escaping @Sendable (Site) -> Broadcast
  ) -> [Candidate<CPULaunch>] {
    .only("vector") { site in
      CPULaunch(
        glint_cpu_binary, rule(site).kernelParameters(kind),
        .init(left: .input(0), right: right, out: .output(0)),
        items: .fixed(site.outputs[0].count), grain: 16384)
    }
  }

  /// The OpenCL kernel of the same.
  static func openCL(
    _ kind: Int, _ right: glint_in, _ rule: @escaping @Sendable (Site) -> Broadcast
  ) -> [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      let rule = rule(site)
      return OpenCLLaunch(
        glint_opencl_binary, defines: ["AXES": "\(rule.axes.count)"],
        rule.kernelParameters(kind), .init(left: .input(0), right: right, out: .output(0)),
        items: site.outputs[0].count)
    }
  }
}
