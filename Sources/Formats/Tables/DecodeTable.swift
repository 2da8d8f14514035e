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
    func conversion(_ quantity: Quantity) throws -> Conversion {
      guard
        let conversion = try FileUnit.conversion(
          from: meta.unit, to: quantity, path: path, options: options)
      else {
        throw TableError.damaged(path: path, reason: "the unit \"\(meta.unit)\" is not known")
      }
      return conversion
    }
    let lateral = try conversion(.x)
    var table = Localizations(
      field: FieldOfView(pixelSize: try options.pixelSize ?? meta.pixelSize(path: path)))
    table.frame = try frames.map { value in
      guard value >= 0, value < 1e15 else {
        throw TableError.damaged(path: path, reason: "frame \(value) is below 0")
      }
      return Int(value)
    }
    func axis(_ index: Int, of values: [Double]) -> [Double] {
      stride(from: index, to: values.count, by: 3).map { place in
        index == 2 ? values[place] : values[place] * lateral.multiply / lateral.divide
      }
    }
    (table[.x], table[.y], table[.z]) = (axis(0, of: xyz), axis(1, of: xyz), axis(2, of: xyz))
    if let errors = try values("xyz_sig"), errors.count == 3 * rows {
      table[.xError] = axis(0, of: errors)
      table[.yError] = axis(1, of: errors)
      table[.zError] = axis(2, of: errors)
    }
    let others: [(String, Quantity)] = [
      ("phot", .photons), ("phot_sig", .photonsError), ("bg", .background),
      ("bg_sig", .backgroundError), ("prob", .probability), ("id", .id),
    ]
    for (name, quantity) in others {
      if let column = try values(name), column.count == rows { table[quantity] = column }
    }
    return table
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
