import Microscopy
import Reporting

/// A unit of positions in a table.
public enum TableUnit: String, SettingChoice, Sendable {
  case nm, px, um
}

/// Information for a reader that the file does not contain, or contains under other names.
public struct TableOptions: Sendable {
  /// Pixel size in the sample plane, nm; overrides the file's value.
  public var pixelSize: Double?
  /// Photons per camera count, for columns in ADU; without it such columns keep their own name.
  public var photonsPerCount: Double?
  /// The number of the first frame, if it differs from the format's default.
  public var firstFrame: Int?
  /// The unit of positions, errors and widths whose columns state none. With `px`, heights are in nm.
  public var unit: TableUnit?
  /// Columns by their meaning: "x=Xwc,frame=Frame". Columns of a file without a header are 1, 2, ….
  public var map: String?

  public init(
    pixelSize: Double? = nil, photonsPerCount: Double? = nil, firstFrame: Int? = nil,
    unit: TableUnit? = nil, map: String? = nil
  ) {
    self.pixelSize = pixelSize
    self.photonsPerCount = photonsPerCount
    self.firstFrame = firstFrame
    self.unit = unit
    self.map = map
  }

  /// The pairs of `map`: a quantity and the column that holds it.
  var columnMap: [(quantity: String, column: String)] {
    get throws(SettingsError) {
      guard let map else { return [] }
      var pairs: [(quantity: String, column: String)] = []
      for part in map.split(separator: ",", omittingEmptySubsequences: false) {
        let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          .map { DelimitedHeader.trimmed(String($0)) }
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
          throw SettingsError(
            "map \(map) is not a list of pairs quantity=column",
            hint: "write it like \(.map) x=Xwc,y=Ywc,frame=Frame")
        }
        pairs.append((sides[0], sides[1]))
      }
      return pairs
    }
  }

  /// Throws `TableError` if options are given that a table without column names cannot use.
  func refuseColumns(of kind: String, path: String) throws(TableError) {
    let unused: [(SettingName, Bool)] = [
      (.unit, unit != nil), (.map, map != nil), (.firstFrame, firstFrame != nil),
    ]
    guard let name = unused.first(where: \.1)?.0 else { return }
    throw .unclear(
      path: path, what: "a \(kind) table states its columns, units and frames itself",
      remedy: "omit \(name)")
  }
}

/// Settings for reading a table.
extension TableOptions: SettingGroup {
  public static let pixelSize = Setting<Double?>(
    .pixelSize, unit: "nm", standard: nil, allowed: .optional(.within(10...1000)),
    "pixel size in the sample plane, if the table does not state it",
    remedy: """
      \(.pixelSize) is the camera's pixel divided by the magnification, in nm: 16 µm ÷ 100 is 160
      """)
  public static let photonsPerCount = Setting<Double?>(
    .photonsPerCount, unit: "photons", standard: nil, allowed: .optional(.within(1e-6...1e6)),
    "photons per camera count, to convert columns in ADU")
  public static let firstFrame = Setting<Int?>(
    .firstFrame, title: "the first frame's number", standard: nil,
    allowed: .optional(.within(-1_000_000...1_000_000)),
    "number of the first frame in the table, if it differs from the format's default")
  public static let unit = Setting<TableUnit?>(
    .unit, standard: nil,
    "unit of positions, errors and widths whose columns state none: nm, px or um; heights are in nm "
      + "if it is px")
  public static let map = Setting<String?>(
    .map, standard: nil,
    "columns by their meaning, such as x=Xwc,y=Ywc,frame=Frame; columns of a file without a header "
      + "are 1, 2, …")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.pixelSize, &pixelSize)
    try form.field(Self.photonsPerCount, &photonsPerCount)
    try form.field(Self.firstFrame, &firstFrame)
    try form.field(Self.unit, &unit)
    try form.field(Self.map, &map)
    _ = try columnMap
  }
}
