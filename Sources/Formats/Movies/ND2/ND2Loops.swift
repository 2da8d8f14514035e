import Microscopy

/// The loops of an ND2 experiment, the outermost first, which is the slowest.
struct ND2Loops {
  private var loops: [AxisExtent] = []
  /// Whether there is a loop of a kind that is not known here.
  private var hasUnknown = false

  init(_ experiment: ND2Value?) {
    var level = experiment
    for _ in 0..<16 {
      guard let current = level, let type = current["eType"]?.int else { return }
      var parameters = current["uLoopPars"]
      // Version 2 encloses them in a list of one.
      if let only = parameters?.children.first, parameters?.children.count == 1,
        case .level = only.value, only.name == "i0000000000"
      {
        parameters = only.value
      }
      add(type, parameters, isValid: Self.flags(current["pItemValid"]))
      let next = current["ppNextLevelEx"]?.children.first?.value
      level = next?["SLxExperiment"] ?? next
    }
  }

  private mutating func add(_ type: Int, _ parameters: ND2Value?, isValid: [Bool]) {
    let count = parameters?["uiCount"]?.int ?? 0
    switch type {
    case 0: return
    case 1: append(.time, count)
    case 2:
      let points = (parameters?["Points"] ?? parameters?["dPosX"])?.children ?? []
      let valid = points.indices.filter { !isValid.indices.contains($0) || isValid[$0] }
      let names = valid.compactMap { points[$0].value["dPosName"]?.text }
      append(
        .position, points.isEmpty ? count : valid.count,
        names: names.count == valid.count && names.contains { !$0.isEmpty } ? names : [])
    case 4: append(.slice, count)
    // The components of each frame are the channels of a spectral loop.
    case 6: return
    case 8:
      let periods = parameters?["pPeriod"]?.children ?? []
      let isValid = Self.flags(parameters?["pPeriodValid"])
      let counts = periods.indices.filter { !isValid.indices.contains($0) || isValid[$0] }.map {
        periods[$0].value["uiCount"]?.int ?? 0
      }
      append(.time, counts.reduce(0) { min($0 + max(0, min($1, Self.most)), Self.most) })
    default: hasUnknown = true
    }
  }

  private static let most = 1 << 32

  private mutating func append(_ axis: PlaneAxis, _ count: Int, names: [String] = []) {
    guard (1..<Self.most).contains(count) else {
      hasUnknown = true
      return
    }
    if loops.contains(where: { $0.axis == axis }) { hasUnknown = true }
    loops.append(AxisExtent(axis, count, names: names))
  }

  private static func flags(_ value: ND2Value?) -> [Bool] {
    switch value {
    case .bytes(let bytes): bytes.map { $0 != 0 }
    case .level(let values): values.map { $0.value.double != 0 }
    default: []
    }
  }

  /// The axes of `frames` frames; empty for a plain sequence. A note says what does not fit.
  ///
  /// - Parameter isTruncated: whether frames are missing at the end; the axes then have their full
  ///   length.
  func axes(of frames: Int, isTruncated: Bool, notes: inout [String]) -> [AxisExtent] {
    let stated = loops.map(\.description).joined(separator: " × ")
    var inner = 1
    var fits = !hasUnknown
    for loop in loops {
      let (product, overflow) = inner.multipliedReportingOverflow(by: loop.count)
      inner = product
      if overflow || product > Self.most { fits = false }
    }
    if loops.isEmpty, fits { return [] }
    guard fits, frames <= inner else {
      notes.append(
        "the file states \(stated.isEmpty ? "loops of an unknown kind" : stated), but has "
          + "\(frames) frames; they are read in the order of their recording")
      return []
    }
    if frames < inner, !isTruncated {
      notes.append("the file states \(stated) and has \(frames) frames")
    }
    // An interrupted experiment has fewer rounds of its outermost loop, and the last round may be
    // incomplete.
    var axes = loops
    for place in axes.indices where !isTruncated {
      inner /= axes[place].count
      let rounds = (frames + inner - 1) / inner
      axes[place] = AxisExtent(
        axes[place].axis, rounds, names: Array(axes[place].names.prefix(rounds)))
      if rounds > 1 || frames == inner { break }
    }
    let several = axes.filter { $0.count > 1 }
    return several.isEmpty || several.map(\.axis) == [.time] ? [] : axes
  }
}
