import Containers
import Foundation
import Microscopy

/// DECODE's HDF5: arrays under `data`, the unit of x and y under `meta`.
///
/// Frames count from 0 and the first pixel's centre is (0, 0). DECODE's x is the first axis of its
/// input frames; it is read as x here, as in other readers.
enum DecodeTable {
  static func read(_ file: HDF5File, path: String, options: TableOptions) throws -> Localizations {
    func values(_ name: String) throws -> [Double]? {
      try file.dataset("data/\(name)").flatMap { $0.hasValue ? try $0.numbers() : nil }
    }
    let positions = try file.dataset("data/xyz")
    guard let shape = positions?.shape, shape.count == 2, shape[1] == 3,
      let xyz = try positions?.numbers(), let frames = try values("frame_ix"),
      frames.count == shape[0]
    else {
      throw TableError.damaged(path: path, reason: "data/xyz and data/frame_ix do not match")
    }
    let rows = shape[0]
    let meta = DecodeMeta(
      unit: try file.text("xy_unit", of: "/meta") ?? "",
      sizes: try file.numbers("px_size", of: "/meta") ?? [])
    var options = options
    if FileUnit.lengths[meta.unit] != nil, options.pixelSize == nil {
      options.pixelSize = try meta.pixelSize(path: path)
    }
    guard FileUnit.isLength(meta.unit) else {
      throw TableError.damaged(path: path, reason: "the unit \"\(meta.unit)\" is not known")
    }
    func axis(_ index: Int, of values: [Double]) -> [Double] {
      stride(from: index, to: values.count, by: 3).map { values[$0] }
    }
    var columns = [("x", axis(0, of: xyz)), ("y", axis(1, of: xyz)), ("z", axis(2, of: xyz))]
    if let errors = try values("xyz_sig"), errors.count == 3 * rows {
      columns += ["x_sig", "y_sig", "z_sig"].enumerated().map { ($1, axis($0, of: errors)) }
    }
    for name in ["phot", "phot_sig", "bg", "bg_sig", "prob", "id"] {
      if let column = try values(name), column.count == rows { columns.append((name, column)) }
    }
    columns.append(("frame_ix", frames))
    let field = FieldOfView(pixelSize: try options.pixelSize ?? meta.pixelSize(path: path))
    return try TableDialect.decode.in(unit: meta.unit).table(
      columns.map { TableDialect.Column(name: $0.0) }, columns.map(\.1),
      template: Localizations(field: field), path: path, options: options)
  }
}

/// The unit and the pixel sizes of a DECODE table.
struct DecodeMeta {
  var unit: String
  /// Pixel size along x and y, nm.
  var sizes: [Double]

  init(unit: String, sizes: [Double]) {
    self.unit = unit
    self.sizes = sizes
  }

  /// The third comment line of a DECODE CSV is JSON.
  init(comments: [String]) {
    let line = comments.first { $0.contains("xy_unit") } ?? ""
    let json = Data(line.drop { $0 == "#" || $0 == " " }.utf8)
    let fields = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any]
    unit = fields?["xy_unit"] as? String ?? ""
    sizes = fields?["px_size"] as? [Double] ?? []
  }

  /// The pixel size, nm; nil if it is unknown or the pixels are not square, so that lengths cannot
  /// be converted.
  func pixelSize(path: String) throws -> Double? {
    guard let first = sizes.first, first > 0, first.isFinite else { return nil }
    return sizes.allSatisfy { $0 == first } ? first : nil
  }
}
