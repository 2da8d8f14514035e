import Formats
import Microscopy

/// The page of `glint help columns`: every column of a table, and the states of a fit.
enum ColumnsPage {
  static var text: String {
    let rows = ColumnGuide.entries
    let width = rows.map(\.quantity.name.count).max() ?? 0
    func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    var lines = [
      "COLUMNS  Glint's names, which --map takes; the names in files follow in parentheses.",
      "",
    ]
    for entry in rows {
      let names = [entry.thunderstorm.map { "csv: \($0)" }, entry.picasso.map { "hdf5: \($0)" }]
        .compactMap { $0 }.joined(separator: ", ")
      let unit = entry.quantity.unit.rawValue
      lines.append(
        "  \(pad(entry.quantity.name, width))  \(pad(unit, 9))  \(entry.meaning)"
          + (names.isEmpty ? "" : " (\(names))"))
    }
    lines += ["", "STATES  How a fit ended, in the column state:", ""]
    for state in FitState.allCases {
      lines.append("  \(state.rawValue)  \(pad(state.name, 10))  \(ColumnGuide.meaning(of: state))")
    }
    lines += [
      "", "CONVENTIONS", "",
      "  .csv (ThunderSTORM), .smlm and _sml.mat (SMAP): lengths in nm, the corner of the first pixel is",
      "  (0, 0), frames count from 1. .hdf5 (Picasso): lengths in pixels but z in nm, the centre of the",
      "  first pixel is (0, 0), frames count from 0. A column that was not fitted is not written.",
      "  --columns standard writes only columns that the format's own program knows.",
    ]
    return lines.joined(separator: "\n")
  }
}
