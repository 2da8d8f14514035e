import Microscopy

/// The planes of a file by their places along its axes, brought into the order of a grid.
///
/// A reader adds the place of every plane in the order of the file. `arrange` finds the axis that
/// changes most seldom (the slowest), so that the planes of an interrupted recording are the first
/// planes of the grid.
struct PlaneGrid {
  /// The place of a plane: a number for each axis, at most eight.
  typealias Place = SIMD8<Int32>

  /// The axes of the places; an axis with one value is left out of the result.
  let axes: [PlaneAxis]
  private var places: [Place] = []
  var count: Int { places.count }

  /// The planes of a file as a grid.
  struct Arrangement {
    /// Empty if only time varies.
    var extents: [AxisExtent] = []
    /// The index in the file of every plane of the grid; nil if it is the file's order.
    var order: [UInt32]?
    /// Remarks such as missing frame numbers.
    var notes: [String] = []
  }

  init(axes: [PlaneAxis]) {
    precondition(axes.count <= Place.scalarCount, "more axes than a place has numbers")
    self.axes = axes
  }

  mutating func append(_ place: Place) { places.append(place) }

  mutating func append(contentsOf other: PlaneGrid) { places += other.places }

  /// Whether a plane of `other` has the place of a plane of this grid.
  func overlaps(_ other: PlaneGrid) -> Bool {
    !Set(places).isDisjoint(with: other.places)
  }

  /// - Parameters:
  ///   - names: the names of the values along an axis, by value.
  ///   - file: the file that an error names.
  /// - Throws: `MovieError` of kind `inconsistent` if planes are missing inside the grid.
  func arrange(
    names: [PlaneAxis: [Int32: String]] = [:], file: String
  ) throws(MovieError) -> Arrangement {
    var result = Arrangement()
    var values: [[Int32]] = []
    var changes: [Int] = []
    for axis in axes.indices {
      values.append(distinct(axis))
      changes.append(
        values[axis].count == 1
          ? 0
          : (1..<max(1, count)).count { places[$0][axis] != places[$0 - 1][axis] }
      )
    }
    let varying = axes.indices.filter { values[$0].count > 1 }
      .sorted { (changes[$0], $0) < (changes[$1], $1) }
    // The linear index of every plane in the grid.
    var linear = [Int](repeating: 0, count: count)
    var size = 1
    for axis in varying.reversed() {
      let ranks = Dictionary(
        values[axis].enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      for plane in 0..<count {
        linear[plane] += size * (ranks[places[plane][axis]] ?? 0)
      }
      let (product, overflow) = size.multipliedReportingOverflow(by: values[axis].count)
      guard !overflow, product < 1 << 40 else {
        throw sparse(varying, values, missing: nil, file)
      }
      size = product
    }
    if !linear.enumerated().allSatisfy({ $0.offset == $0.element }) {
      // A place that is listed twice keeps its last plane.
      let last = Dictionary(linear.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
      let twice = count - last.count
      if twice > 0 {
        result.notes.append(
          "\(twice) place\(twice == 1 ? " is" : "s are") listed more than once; the last plane is "
            + "used")
      }
      guard (0..<last.count).allSatisfy({ last[$0] != nil }) else {
        throw sparse(varying, values, missing: size - last.count, file)
      }
      let order = (0..<last.count).map { UInt32(clamping: last[$0] ?? 0) }
      if twice > 0 || order.enumerated().contains(where: { $0.offset != Int($0.element) }) {
        result.order = order
      }
    }
    if let time = axes.firstIndex(of: .time), varying.contains(time) {
      result.notes += Self.gaps(values[time].map(Int.init), of: "frame").map { [$0] } ?? []
    }
    if varying.map({ axes[$0] }) != [.time] {
      result.extents = varying.map { axis in
        let known = names[axes[axis]] ?? [:]
        return AxisExtent(
          axes[axis], values[axis].count,
          names: known.isEmpty ? [] : values[axis].map { known[$0] ?? "\($0)" })
      }
    }
    return result
  }

  /// The values along an axis, sorted.
  private func distinct(_ axis: Int) -> [Int32] {
    var result: [Int32] = []
    var isSorted = true
    for place in places {
      let value = place[axis]
      guard let last = result.last else {
        result.append(value)
        continue
      }
      if value == last { continue }
      if value < last { isSorted = false }
      result.append(value)
    }
    return isSorted ? result : Set(result).sorted()
  }

  private func sparse(
    _ varying: [Int], _ values: [[Int32]], missing: Int?, _ file: String
  ) -> MovieError {
    let grid = varying.map { axes[$0].counted(values[$0].count) }.joined(separator: " × ")
    return MovieError(
      .inconsistent,
      "the planes do not fill their grid of \(grid)"
        + (missing.map { "; \($0) of them are missing in it" } ?? ""), file: file,
      hint: "export the planes of one channel, slice and position as a movie of their own")
  }

  /// A remark about numbers that are missing in a sorted list; nil if there are none.
  ///
  /// Numbers at equal distances, such as every tenth, have no gap.
  static func gaps(_ numbers: [Int], of what: String) -> String? {
    guard numbers.count > 1 else { return nil }
    let steps = zip(numbers.dropFirst(), numbers).map { $0 &- $1 }
    guard let step = steps.min(), step > 0, step < 1 << 40 else { return nil }
    var missing: [String] = []
    var total = 0
    for (start, distance) in zip(numbers, steps) where distance > step {
      let (low, high) = (start &+ step, start &+ distance &- step)
      total += max(1, (distance - 1) / step)
      if missing.count < 8 {
        missing.append(
          distance < 2 * step || low == high ? "\(start &+ step)" : "\(low) to \(high)")
      } else if missing.count == 8 {
        missing.append("…")
      }
    }
    guard total > 0 else { return nil }
    let one = total == 1
    return "\(what) number\(one ? "" : "s") \(missing.joined(separator: ", ")) "
      + "\(one ? "is" : "are") missing; the frames behind a gap are numbered as if there were none"
  }
}
