import Containers
import Foundation
import Microscopy

/// storm-analysis' HDF5: a group `fr_<n>` per frame, pixels from the first pixel's centre, z in µm.
enum StormAnalysisTable {
  private static let columns: [(String, Quantity)] = [
    ("z", .z), ("sum", .photons), ("background", .background), ("xsigma", .sigmaX),
    ("ysigma", .sigmaY), ("height", Quantity("height", .none)),
    ("error", Quantity("error", .none)), ("significance", Quantity("significance", .none)),
    ("iterations", .iterations), ("category", Quantity("category", .none)),
  ]

  static func read(_ file: HDF5File, path: String, options: TableOptions) throws -> Localizations {
    try options.refuseColumns(of: "storm-analysis", path: path)
    func size(_ name: String) throws -> Int? {
      try file.number(name).flatMap { $0 >= 0 && $0 < 1e9 ? Int($0) : nil }
    }
    let frames = try size("movie_l") ?? 0
    guard frames <= 10_000_000 else {
      throw TableError.damaged(path: path, reason: "it claims \(frames) frames")
    }
    let field = FieldOfView(
      width: try size("movie_x"), height: try size("movie_y"), frames: frames,
      pixelSize: try options.pixelSize
        ?? file.number("pixel_size").flatMap { $0 > 0 && $0.isFinite ? $0 : nil })
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
