import Reporting

/// An axis along which a file arranges its planes, beside rows and columns.
public enum PlaneAxis: String, Codable, CaseIterable, Sendable {
  /// Frames of a movie.
  case time
  /// Planes at different heights (Z).
  case slice
  /// Colours, cameras or detectors.
  case channel
  /// Places on the sample.
  case position
  /// Separate images in one file.
  case series

  /// The axis with a count, such as "1 slice" or "3 channels".
  public func counted(_ count: Int) -> String {
    switch self {
    case .time: "\(count) frame\(count == 1 ? "" : "s")"
    case .series: "\(count) series"
    default: "\(count) \(rawValue)\(count == 1 ? "" : "s")"
    }
  }
}

/// One axis of a file and its number of planes.
public struct AxisExtent: Hashable, Sendable {
  public var axis: PlaneAxis
  public var count: Int
  /// What the file calls its planes, such as the names of channels; empty if it does not say.
  public var names: [String]
  /// The index of the only plane that the reader delivers, if the others cannot be planes of the
  /// same movie, such as images of another size; nil if it delivers all.
  public var taken: Int?
  /// What each plane is, such as "64 x 64", if they are not alike.
  public var kinds: [String] = []

  public init(_ axis: PlaneAxis, _ count: Int, names: [String] = [], taken: Int? = nil) {
    self.axis = axis
    self.count = count
    self.names = names
    self.taken = taken
  }

  /// The extent as text, such as "2 channels (1 DAPI, 2 GFP)" or "2 series (1: 64 x 64; 2: 9 x 9)".
  public var description: String {
    let listed = (0..<max(names.count, kinds.count)).map { plane in
      "\(plane + 1)" + (names.indices.contains(plane) ? " \(names[plane])" : "")
        + (kinds.indices.contains(plane) ? ": \(kinds[plane])" : "")
    }
    let list = listed.joined(separator: kinds.isEmpty ? ", " : "; ")
    return axis.counted(count) + (list.isEmpty ? "" : " (\(list))")
  }
}

/// Which planes along an axis are read.
public enum PlaneChoice: Hashable, Sendable {
  /// One plane, counted from 1.
  case number(Int)
  /// One plane by the name that the file gives it.
  case named(String)
  /// All of them, as the frames of the movie.
  case all

  /// A choice as text: a number, `all`, or a name.
  public init(_ text: String) {
    self = Int(text).map(PlaneChoice.number) ?? (text == "all" ? .all : .named(text))
  }
}

extension PlaneChoice: SettingValue {
  public static var kind: String { "a number from 1, a name, or all" }

  public init?(field: FieldValue) {
    switch field {
    case .integer(let number): self = .number(number)
    case .text(let text): self.init(text)
    default: return nil
    }
  }

  public var field: FieldValue {
    switch self {
    case .number(let number): .integer(number)
    case .named(let name): .text(name)
    case .all: .text("all")
    }
  }
}
