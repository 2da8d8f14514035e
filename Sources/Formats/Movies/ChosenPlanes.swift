import Microscopy
import Reporting

/// The frames that a choice of channel, slice, position and series leaves of a file with several
/// axes.
struct ChosenPlanes: Movie {
  let info: MovieInfo
  private let all: any Movie
  /// Frame k is plane first + k · step of `all`.
  private let first: Int
  private let step: Int

  /// - Throws: `MovieError` of kind `choice` if planes along more than one axis are left, or for a
  ///   plane that the file does not have.
  static func choose(of all: any Movie, _ options: MovieOptions) throws(MovieError) -> any Movie {
    let axes = all.info.axes
    let planes = options.planes
    for (axis, choice) in planes where !axes.contains(where: { $0.axis == axis }) {
      guard choice == .number(1) || choice == .all else {
        throw MovieError(
          .choice, "the file has only one \(axis.rawValue)", file: all.info.source,
          hint: axis.setting.map { "leave out \($0)" })
      }
    }
    if let unlike = axes.first(where: { $0.taken != nil && planes[$0.axis] == nil }) {
      throw unlike.refuse(nil, all.info.source)
    }
    if axes.isEmpty { return all }
    // A stack of beads without slices is a movie of the stage.
    let wished = axes.contains { $0.axis == options.along && $0.count > 1 } ? options.along : .time
    let along = axes.first { planes[$0.axis] == .all }?.axis ?? wished
    var first = 0
    var stride = 1
    var (step, count) = (1, 1)
    var taken: [String] = []
    for extent in axes.reversed() {
      if let index = extent.taken {
        taken.append(extent.name(of: index))
        continue
      }
      if extent.axis == along {
        (step, count) = (stride, extent.count)
      } else if extent.count > 1 || planes[extent.axis] != nil {
        let plane = try index(planes[extent.axis], extent, along, all.info)
        first += plane * stride
        if extent.count > 1 { taken.append(extent.name(of: plane)) }
      }
      stride *= extent.count
    }
    if taken.isEmpty, step == 1, count == all.info.frames { return all }
    var info = all.info
    let present = info.frames > first ? min(count, (info.frames - first - 1) / step + 1) : 0
    guard present > 0 else {
      throw MovieError(
        .noFrames, "the file ends before the first frame of \(taken.joined(separator: ", "))",
        file: info.source)
    }
    info.frames = present
    // Frames along the slowest axis end where the file does, even if it does not state how many
    // there should be.
    let slowest = axes.first { $0.count > 1 && $0.taken == nil }?.axis
    if present == count, along != slowest { info.truncation = nil }
    if !taken.isEmpty {
      info.notes.append(
        "of \(axes.map(\.description).joined(separator: " × ")): "
          + taken.reversed().joined(separator: ", "))
    }
    return ChosenPlanes(info: info, all: all, first: first, step: step)
  }

  /// The index of the chosen plane, from 0.
  private static func index(
    _ choice: PlaneChoice?, _ extent: AxisExtent, _ along: PlaneAxis, _ info: MovieInfo
  ) throws(MovieError) -> Int {
    if let index = extent.index(of: choice) { return index }
    let axes = info.axes.filter { $0.count > 1 }.map(\.description).joined(separator: " × ")
    var hint: Message?
    if let setting = extent.axis.setting {
      hint = "choose one with \(setting) 1 to \(extent.count)"
      if !extent.names.isEmpty { hint = hint! + " or its name" }
      if extent.axis == .slice, !info.axes.contains(where: { $0.axis == .time && $0.count > 1 }) {
        hint = hint! + ", or take all of them as frames with \(setting) all"
      }
    }
    let what =
      switch choice {
      case nil, .all: "the file has \(axes), and only one axis can be the frames of a movie"
      case .number(let number): "there is no \(extent.axis.rawValue) \(number) among \(axes)"
      case .named(let name): "there is no \(extent.axis.rawValue) `\(name)` among \(axes)"
      }
    throw MovieError(.choice, what, file: info.source, hint: hint)
  }

  func changes() -> [String] { all.changes() }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    let together = step == 1 ? frames.count : 1
    for frame in stride(from: frames.lowerBound, to: frames.upperBound, by: max(1, together)) {
      let start = (frame - frames.lowerBound) * info.frameBytes
      let plane = first + frame * step
      do {
        try all.read(
          plane..<plane + together,
          into: UnsafeMutableRawBufferPointer(
            rebasing: buffer[start..<start + together * info.frameBytes]))
      } catch let error as MovieError {
        throw error.at(frame: frame + max(0, (error.frame ?? plane) - plane))
      }
    }
  }
}

extension AxisExtent {
  /// An axis of images that are not alike, of which a reader delivers the chosen one.
  ///
  /// If the options choose none, the reader delivers image `first`, so that the axes can be listed;
  /// `ChosenPlanes` then asks for a choice.
  ///
  /// - Parameter kinds: what each of them is.
  static func unlike(
    _ axis: PlaneAxis, _ kinds: [String], names: [String] = [], first: Int = 0,
    _ choice: PlaneChoice?, file: String
  ) throws(MovieError) -> (extent: AxisExtent, taken: Int) {
    var extent = AxisExtent(axis, kinds.count, names: names.contains("") ? [] : names)
    extent.kinds = kinds
    let index = choice == nil ? first : extent.index(of: choice)
    guard let index else { throw extent.refuse(choice, file) }
    extent.taken = index
    return (extent, index)
  }

  /// The error for a choice among images that are not alike.
  fileprivate func refuse(_ choice: PlaneChoice?, _ file: String) -> MovieError {
    let what =
      switch choice {
      case .number(let number): "there is no \(axis.rawValue) \(number) among \(description)"
      case .named(let name): "there is no \(axis.rawValue) `\(name)` among \(description)"
      case nil, .all: "the file has \(description), and only one of them can be the movie"
      }
    return MovieError(
      .choice, what, file: file,
      hint: axis.setting.map {
        "choose one with \($0) 1 to \(count)" + (names.isEmpty ? "" : " or its name")
      })
  }

  /// The index of the chosen plane, from 0; nil if the choice is not one of the planes.
  func index(of choice: PlaneChoice?) -> Int? {
    switch choice {
    case .number(let number) where (1...max(1, count)).contains(number): return number - 1
    case .named(let name):
      let same = names.indices.filter { names[$0] == name }
      let close = names.indices.filter { names[$0].lowercased() == name.lowercased() }
      return same.count == 1 ? same[0] : close.count == 1 ? close[0] : nil
    default: return nil
    }
  }

  /// A plane as text, such as "channel 2 of 3 (GFP)".
  fileprivate func name(of plane: Int) -> String {
    let name = names.indices.contains(plane) ? " (\(names[plane]))" : ""
    return "\(axis.rawValue) \(plane + 1) of \(count)\(name)"
  }
}

extension PlaneAxis {
  /// The setting that chooses a plane; nil for time.
  package var setting: SettingName? {
    switch self {
    case .time: nil
    case .slice: .slice
    case .channel: .channel
    case .position: .position
    case .series: .series
    }
  }
}

extension MovieInfo {
  /// The file that an error names.
  fileprivate var source: String { files.first ?? format }
}
