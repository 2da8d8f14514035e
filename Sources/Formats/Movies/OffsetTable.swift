/// Positions in a file, stored as runs of equal distance: a regular movie of any length needs one
/// run.
struct OffsetTable: Sendable {
  private struct Run: Sendable {
    /// Index of the first position of the run.
    var start: Int
    var offset: Int
    var stride: Int
  }

  private var runs: [Run] = []
  private(set) var count = 0

  init() {}

  /// `count` positions, `stride` bytes apart.
  init(first: Int, stride: Int, count: Int) {
    runs = [Run(start: 0, offset: first, stride: stride)]
    self.count = count
  }

  mutating func append(_ offset: Int) {
    if var last = runs.last {
      let length = count - last.start
      if length == 1 { last.stride = offset - last.offset }
      if last.offset + last.stride * length == offset {
        runs[runs.count - 1] = last
        count += 1
        return
      }
    }
    runs.append(Run(start: count, offset: offset, stride: 0))
    count += 1
  }

  /// The distance and the number of positions of the last run.
  var progression: (stride: Int, length: Int) {
    runs.last.map { ($0.stride, count - $0.start) } ?? (0, 0)
  }

  /// Appends `more` positions at the distance of the last run.
  mutating func extend(by more: Int) { count += more }

  subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count, "position \(index) of \(count)")
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle].start <= index { low = middle } else { high = middle }
    }
    let run = runs[low]
    return run.offset + run.stride * (index - run.start)
  }

  /// The index of `offset`; nil if it is not in the table.
  func index(of offset: Int) -> Int? {
    for (i, run) in runs.enumerated() {
      let length = (i + 1 < runs.count ? runs[i + 1].start : count) - run.start
      let distance = offset - run.offset
      if distance == 0 { return run.start }
      if run.stride != 0, distance % run.stride == 0, (0..<length).contains(distance / run.stride) {
        return run.start + distance / run.stride
      }
    }
    return nil
  }

  /// Keeps the first `length` positions.
  mutating func truncate(to length: Int) {
    guard length < count else { return }
    runs.removeAll { $0.start >= length }
    count = length
  }
}
