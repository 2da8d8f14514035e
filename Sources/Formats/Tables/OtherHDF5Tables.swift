import Containers
import Foundation
import Microscopy

/// SMAP's `_sml.mat` (v7.3): one array per property under `saveloc/loc`, nm from the corner of the
/// first pixel, frames from 1.
enum SMAPTable {
  static func read(_ file: HDF5File, path: String, options: TableOptions) throws -> Localizations {
    guard let pixelSize = options.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
    func values(_ name: String) throws -> [Double]? {
      try file.dataset("saveloc/loc/\(name)")?.numbers()
    }
    guard let x = try values("xnm"), let y = try values("ynm"), let frames = try values("frame"),
      x.count == y.count, x.count == frames.count
    else {
      throw TableError.missingColumns(path: path, missing: ["xnm, ynm or frame"], found: [])
    }
    var table = Localizations(field: FieldOfView(pixelSize: pixelSize))
    table.frame = try frames.map { value in
      guard value >= 1, value < 1e15, value == value.rounded() else {
        throw TableError.damaged(
          path: path, reason: "frame \(value) is not a whole number of at least 1")
      }
      return Int(value) - 1
    }
    table[.x] = x.map { $0 / pixelSize - 0.5 }
    table[.y] = y.map { $0 / pixelSize - 0.5 }
    let others: [(String, Quantity)] = [
      ("znm", .z), ("phot", .photons), ("bg", .background), ("PSFxnm", .sigmaX),
      ("PSFynm", .sigmaY), ("xnmerr", .xError), ("ynmerr", .yError), ("locprecznm", .zError),
      ("iterations", .iterations), ("numberInGroup", .detections),
    ]
    for (name, quantity) in others {
      guard let column = try values(name), column.count == x.count else { continue }
      table[quantity] = quantity.unit == .pixel ? column.map { $0 / pixelSize } : column
    }
    if table[.xError] == nil, let errors = try values("locprecnm"), errors.count == x.count {
      table[.xError] = errors.map { $0 / pixelSize }
      table[.yError] = table[.xError]
    }
    return table
  }
}

/// storm-analysis' HDF5: a group `fr_<n>` per frame, pixels from the first pixel's centre, z in µm.
enum StormAnalysisTable {
  private static let columns: [(String, Quantity)] = [
    ("z", .z), ("sum", .photons), ("background", .background), ("xsigma", .sigmaX),
    ("ysigma", .sigmaY), ("height", Quantity("height", .none)),
    ("error", Quantity("error", .none)), ("significance", Quantity("significance", .none)),
    ("iterations", .iterations), ("category", Quantity("category", .none)),
  ]

  static func read(_ file: HDF5File, path: String, options: TableOptions) throws -> Localizations {
    func size(_ name: String) throws -> Int? {
      try file.number(name).flatMap { $0 >= 0 && $0 < 1e9 ? Int($0) : nil }
    }
    let frames = try size("movie_l") ?? 0
    guard frames <= 10_000_000 else {
      throw TableError.damaged(path: path, reason: "it claims \(frames) frames")
    }
    let field = FieldOfView(
      width: try size("movie_x"), height: try size("movie_y"), frames: frames,
      pixelSize: try options.pixelSize ?? file.number("pixel_size"))
    var table = Localizations(field: field)
    (table[.x], table[.y]) = ([], [])
    var present: [(String, Quantity)]?
    let groups = try file.names().compactMap { name in
      name.hasPrefix("fr_") ? Int(name.dropFirst(3)) : nil
    }
    for frame in groups.filter({ 0..<frames ~= $0 }).sorted() where try file.has("fr_\(frame)/x") {
      func values(_ name: String) throws -> [Double] {
        guard let values = try file.dataset("fr_\(frame)/\(name)")?.numbers() else {
          throw TableError.missingColumns(path: path, missing: ["fr_\(frame)/\(name)"], found: [])
        }
        return values
      }
      if present == nil {
        present = try Self.columns.filter { try file.has("fr_\(frame)/\($0.0)") }
        for (_, quantity) in present! { table[quantity] = [] }
      }
      let x = try values("x")
      table.frame += Array(repeating: frame, count: x.count)
      table[.x]! += x
      table[.y]! += try values("y")
      for (name, quantity) in present! {
        let column = try values(name)
        table[quantity]! += quantity == .z ? column.map { $0 * 1000 } : column
      }
    }
    guard table.quantities.allSatisfy({ table[$0]?.count == table.count }) else {
      throw TableError.damaged(path: path, reason: "columns of a frame differ in length")
    }
    return table
  }
}
