import Microscopy

/// The names of files that may be the frames of one movie, such as `img_0001.tif`.
struct FrameNames {
  /// The files whose names have the same form, in natural order.
  private(set) var names: [String]
  /// Remarks: files that are left out, and numbers that are missing.
  private(set) var notes: [String] = []
  /// The axes of the files, if their names state several; the slowest first.
  private(set) var axes: [AxisExtent] = []
  /// The index in `names` of every plane; nil if it is their order.
  private(set) var order: [UInt32]?

  /// - Parameters:
  ///   - all: names in natural order.
  ///   - folder: the folder that an error names.
  /// - Throws: `MovieError` if the names are of several kinds.
  init(_ all: [String], folder: String) throws(MovieError) {
    // Names that differ only in numbers are of one kind.
    let kinds = Dictionary(grouping: all.indices) { Self.form(all[$0]) }
    let ranked = kinds.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    guard let main = ranked.first, main.value.count > 1 else {
      names = all
      if all.count > 1 {
        notes.append(
          "the names of the \(all.count) files have no number in common; their order is that of "
            + "the alphabet, and frame 0 is \(all[0])")
      }
      return
    }
    guard main.value.count * 2 > all.count else {
      let list = ranked.prefix(4).map { "\($0.value.count) like \(all[$0.value[0]])" }
      throw MovieError(
        .inconsistent,
        "the folder holds TIFFs of several kinds: \(list.joined(separator: ", "))"
          + (ranked.count > 4 ? ", …" : ""), file: folder,
        hint: "keep only the frames of one movie in the folder")
    }
    names = main.value.map { all[$0] }
    let others = ranked.dropFirst().flatMap(\.value).sorted().map { all[$0] }
    if !others.isEmpty {
      notes.append(
        "left out, because \(others.count == 1 ? "its name is" : "their names are") unlike "
          + "\(names[0]): \(others.prefix(5).joined(separator: ", "))"
          + (others.count > 5 ? " and \(others.count - 5) more" : ""))
    }
    try number(folder)
  }

  /// Finds the number of the frame in the names, and the numbers that are missing.
  private mutating func number(_ folder: String) throws(MovieError) {
    let numbers = names.map(Self.numbers)
    let count = numbers[0].count
    let varying = (0..<count).filter { group in
      numbers.contains { $0[group].value != numbers[0][group].value }
    }
    func values(_ group: Int) -> [Int]? {
      let values = numbers.compactMap { Int($0[group].value) }
      return values.count == numbers.count ? values : nil
    }
    // One number that is different in every name counts the frames.
    for group in varying {
      guard let values = values(group), Set(values).count == names.count else { continue }
      if varying.count == 1, let gaps = PlaneGrid.gaps(values.sorted(), of: "file") {
        notes.append(gaps)
      }
      return
    }
    if varying.count <= 1 {
      throw MovieError(
        .inconsistent, "several files have the same number, such as \(names[0]) and \(names[1])",
        file: folder, hint: "keep only the frames of one movie in the folder")
    }
    // Several numbers count together: axes with names that are known, or several movies.
    let known = varying.map { Self.axis(numbers[0][$0].before) }
    let isGrid =
      varying.map { group in Set(numbers.map { $0[group].value }).count }
      .reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } == names.count
    let axes = known.compactMap(\.self)
    guard axes.count == varying.count, Set(axes).count == axes.count, varying.count <= 8 else {
      guard isGrid else {
        notes.append("the names count along \(varying.count) numbers; frames are in their order")
        return
      }
      let parts = varying.map { group in
        "\(Set(numbers.map { $0[group].value }).count) values behind `\(numbers[0][group].before)`"
      }
      throw MovieError(
        .inconsistent,
        "the names count along several axes (\(parts.joined(separator: ", "))), so the folder holds "
          + "several movies", file: folder,
        hint: "keep only the frames of one movie in the folder")
    }
    var grid = PlaneGrid(axes: axes)
    for name in numbers {
      var place = PlaneGrid.Place()
      for (index, group) in varying.enumerated() {
        guard let number = Int32(name[group].value) else {
          throw MovieError(.inconsistent, "a number too large in a name", file: folder)
        }
        place[index] = number
      }
      grid.append(place)
    }
    let plan = try grid.arrange(file: folder)
    (self.axes, order) = (plan.extents, plan.order)
    notes += plan.notes
  }

  /// The name with one mark for every number.
  private static func form(_ name: String) -> String {
    var form = ""
    for character in name.lowercased() {
      if !character.isASCII || !character.isNumber {
        form.append(character)
      } else if form.last != "#" {
        form.append("#")
      }
    }
    return form
  }

  /// The numbers in a name, with the text before each.
  private static func numbers(_ name: String) -> [(before: String, value: String)] {
    var result: [(before: String, value: String)] = []
    var before = ""
    var digits = ""
    for character in name.lowercased() + " " {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      if !digits.isEmpty {
        result.append((before, digits))
        (before, digits) = ("", "")
      }
      before.append(character)
    }
    return result
  }

  /// The axis that the word before a number names, as in Micro-Manager's
  /// `img_channel000_position000_time000000000_z000.tif`.
  private static func axis(_ before: String) -> PlaneAxis? {
    let word = before.split { !$0.isLetter }.last.map(String.init) ?? ""
    guard before.last?.isLetter == true else { return nil }
    return switch word {
    case "t", "time", "timepoint", "frame": .time
    case "z", "slice", "plane": .slice
    case "c", "ch", "channel", "w": .channel
    case "p", "pos", "position", "xy", "s", "series", "f", "field": .position
    default: nil
    }
  }
}
