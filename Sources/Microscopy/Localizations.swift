/// A table of molecules: one frame number and one value per column for each row.
///
/// Columns are Double regardless of the file's type. Example:
/// ```swift
/// var table = Localizations(field: FieldOfView(width: 64, height: 64, frames: 10, pixelSize: 100))
/// table.frame = [0, 0, 3]
/// table[.x] = [10.2, 31.8, 7.0]
/// table[.y] = [4.9, 20.1, 55.5]
/// ```
public struct Localizations: Sendable {
  /// Frame of each row, counted from 0.
  public var frame: [Int] = []
  /// The columns that are present, in file order.
  public private(set) var quantities: [Quantity] = []
  /// The values of each column.
  private var columns: [[Double]] = []
  /// The field of view of the movie, as far as it is known.
  public var field: FieldOfView
  /// The processing steps that made the table, oldest first.
  public var provenance: [ProvenanceStep] = []

  public init(field: FieldOfView = FieldOfView()) {
    self.field = field
  }

  /// The number of rows.
  public var count: Int { frame.count }

  /// The values of a column; nil if the table does not have it. Setting nil removes the column.
  public subscript(_ quantity: Quantity) -> [Double]? {
    get { quantities.firstIndex(of: quantity).map { columns[$0] } }
    set {
      switch (quantities.firstIndex(of: quantity), newValue) {
      case (let place?, let values?): columns[place] = values
      case (let place?, nil):
        quantities.remove(at: place)
        columns.remove(at: place)
      case (nil, let values?):
        quantities.append(quantity)
        columns.append(values)
      case (nil, nil): break
      }
    }
    _modify {
      // Moved out of the storage, so that the caller changes the only copy.
      var values: [Double]?
      if let place = quantities.firstIndex(of: quantity) {
        values = []
        swap(&values!, &columns[place])
      }
      defer { self[quantity] = values }
      yield &values
    }
  }

  /// Appends the frames of `count` rows; allocates only if the capacity is too small.
  public mutating func appendFrames(_ count: Int, _ value: (Int) -> Int) {
    frame.append(count, value)
  }

  /// Appends the values of `count` rows to an existing column; allocates only if the capacity is
  /// too small.
  public mutating func append(_ count: Int, to quantity: Quantity, _ value: (Int) -> Double) {
    guard let place = quantities.firstIndex(of: quantity) else {
      preconditionFailure("a table without \(quantity.name)")
    }
    columns[place].append(count, value)
  }

  /// The rows at `indices`, in that order, with every column.
  public func selecting(_ indices: some Collection<Int>) -> Localizations {
    var result = self
    result.frame = indices.map { frame[$0] }
    for place in columns.indices { result.columns[place] = indices.map { columns[place][$0] } }
    return result
  }

  /// Removes every row and keeps the columns and their storage.
  public mutating func removeAllRows() {
    frame.removeAll(keepingCapacity: true)
    for place in columns.indices { columns[place].removeAll(keepingCapacity: true) }
  }
}

extension Array where Element: BitwiseCopyable & ExpressibleByIntegerLiteral {
  /// Appends `more` values. The capacity grows to twice what is needed, so that a list that is
  /// emptied and refilled soon stops growing.
  fileprivate mutating func append(_ more: Int, _ value: (Int) -> Element) {
    let start = count
    if start + more > capacity { reserveCapacity(2 * (start + more)) }
    append(contentsOf: repeatElement(0, count: more))
    withUnsafeMutableBufferPointer { place in
      for row in 0..<more { place[start + row] = value(row) }
    }
  }
}

/// The field of view of a table: size of the movie and pixel size.
public struct FieldOfView: Codable, Hashable, Sendable {
  /// In pixels; nil if unknown.
  public var width: Int?
  public var height: Int?
  public var frames: Int?
  /// Pixel size in the sample plane, nm; nil if unknown.
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

/// One processing step of a table: the program, its action, its settings and the device.
public struct ProvenanceStep: Codable, Hashable, Sendable {
  public var program: String
  public var version: String
  public var action: String
  public var device: String?
  /// The settings of the step by name; a recipe is stored under "recipe" as YAML text.
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
