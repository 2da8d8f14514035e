/// A table of molecules: one frame number and one value per column for each row.
///
/// Columns are Double whatever the file's type. Example:
/// ```swift
/// var table = Localizations(field: FieldOfView(width: 64, height: 64, frames: 10, pixelSize: 100))
/// table.frame = [0, 0, 3]
/// table[.x] = [10.2, 31.8, 7.0]
/// table[.y] = [4.9, 20.1, 55.5]
/// ```
public struct Localizations: Sendable {
  /// Frame of each row, counted from 0.
  public var frame: [Int] = []
  /// The columns present, in the order in which a file shows them.
  public private(set) var quantities: [Quantity] = []
  private var columns: [Quantity: [Double]] = [:]
  /// The movie that the rows belong to, as far as it is known.
  public var field: FieldOfView
  /// What made the table, oldest step first.
  public var provenance: [ProvenanceStep] = []

  public init(field: FieldOfView = FieldOfView()) {
    self.field = field
  }

  /// The number of rows.
  public var count: Int { frame.count }

  /// The values of a column, nil where the table has none. Setting nil removes the column.
  public subscript(_ quantity: Quantity) -> [Double]? {
    get { columns[quantity] }
    set {
      if newValue == nil { quantities.removeAll { $0 == quantity } }
      if newValue != nil, columns[quantity] == nil { quantities.append(quantity) }
      columns[quantity] = newValue
    }
    _modify {
      if columns[quantity] == nil { quantities.append(quantity) }
      yield &columns[quantity]
      if columns[quantity] == nil { quantities.removeAll { $0 == quantity } }
    }
  }

  /// The rows at `indices`, in that order, with every column.
  public func selecting(_ indices: some Collection<Int>) -> Localizations {
    var result = Localizations(field: field)
    result.provenance = provenance
    result.frame = indices.map { frame[$0] }
    for quantity in quantities {
      let values = columns[quantity]!
      result[quantity] = indices.map { values[$0] }
    }
    return result
  }

  /// Removes every row and keeps the columns and their storage.
  public mutating func removeAllRows() {
    frame.removeAll(keepingCapacity: true)
    for quantity in quantities { columns[quantity]!.removeAll(keepingCapacity: true) }
  }
}

/// The frame of reference of a table: size of the movie and of its pixel.
public struct FieldOfView: Codable, Hashable, Sendable {
  /// Pixels; nil where unknown.
  public var width: Int?
  public var height: Int?
  public var frames: Int?
  /// Camera pixel in the sample plane, nm; nil where unknown.
  public var pixelSize: Double?

  public init(
    width: Int? = nil, height: Int? = nil, frames: Int? = nil, pixelSize: Double? = nil
  ) {
    self.width = width
    self.height = height
    self.frames = frames
    self.pixelSize = pixelSize
  }
}

/// One step in the making of a table: the program, what it did, with what settings, on what device.
public struct ProvenanceStep: Codable, Hashable, Sendable {
  public var program: String
  public var version: String
  public var action: String
  public var device: String?
  /// Settings in the step's own words; a recipe is stored under "recipe" as YAML text.
  public var settings: [String: String]

  public init(
    program: String, version: String, action: String, device: String? = nil,
    settings: [String: String] = [:]
  ) {
    self.program = program
    self.version = version
    self.action = action
    self.device = device
    self.settings = settings
  }
}
