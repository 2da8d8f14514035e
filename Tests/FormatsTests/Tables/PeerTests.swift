import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Tables that Glint writes, imported by other programs.
@Suite struct PeerTests {
  /// A table as a fit writes it.
  private func table(axial: Bool, rows: Int = 20) -> Localizations {
    var table = sampleTable(rows: rows)
    // Some importers sort by frame.
    table.frame = Array(0..<rows)
    if !axial {
      for quantity in [Quantity.z, .zError, .sigmaY] { table[quantity] = nil }
    }
    return table
  }

  @Test(.python("picasso"), arguments: [false, true]) func picassoImports(axial: Bool) throws {
    let folder = try TemporaryFolder()
    let table = table(axial: axial)
    try Tables.write(table, to: folder.file("t.csv"))
    try Tables.write(table, to: folder.file("t_sml.mat"))
    let script = """
      import os
      os.environ["QT_QPA_PLATFORM"] = "offscreen"
      from picasso import io
      for locs, _ in (io.import_ts("\(folder.file("t.csv"))", 130), io.import_smap("\(folder.file("t_sml.mat"))", 130)):
        print("row", len(locs), locs.frame.iloc[-1], round(locs.x.iloc[-1] - 0.5, 3), round(locs.lpx.iloc[-1], 3))
      """
    let text = try Python.run(script)
    let (x, y) = (table[.xError]!.last!, table[.yError]!.last!)
    let error = ((x * x + y * y) / 2).squareRoot()
    func round(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("row ") }
    #expect(lines.count == 2, "\(text)")
    for line in lines {
      let words = line.split(separator: " ").compactMap { Double($0) }
      #expect(words.count == 4 && words[0] == 20 && words[1] == Double(table.frame.last!))
      #expect(abs(words[2] - table[.x]!.last!) < 2e-3 && abs(words[3] - error) < 2e-3, "\(line)")
    }
  }

  @Test(.python("locan"), arguments: ["t.csv", "t.smlm"]) func locanImports(name: String) throws {
    let folder = try TemporaryFolder()
    let table = table(axial: true)
    try Tables.write(table, to: folder.file(name))
    let script = """
      import locan
      kind = locan.FileType.THUNDERSTORM if "\(name)".endswith("csv") else locan.FileType.SMLM
      data = locan.load_locdata("\(folder.file(name))", file_type=kind).data
      print("row", len(data), data["frame"].iloc[-1], data["position_x"].iloc[-1], data["intensity"].iloc[-1])
      """
    let text = try Python.run(script)
    let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("row ") })
    let words = line.split(separator: " ").compactMap { Double($0) }
    #expect(words.count == 4 && words[0] == 20)
    #expect(abs(words[2] - (table[.x]!.last! + 0.5) * 130) < 0.01)
    #expect(abs(words[3] - table[.photons]!.last!) < 0.01)
  }

  /// The first line of every text table is its header.
  @Test(.python("pandas")) func pandasReadsText() throws {
    let folder = try TemporaryFolder()
    try Tables.write(table(axial: false), to: folder.file("t.csv"))
    let script = """
      import pandas
      print(list(pandas.read_csv("\(folder.file("t.csv"))").columns[:8]))
      """
    #expect(
      try Python.run(script)
        == "['id', 'frame', 'x [nm]', 'y [nm]', 'sigma [nm]', 'intensity [photon]', "
        + "'offset [photon]', 'uncertainty_xy [nm]']\n")
  }

  @Test(.python("scipy")) func scipyReadsMATLAB() throws {
    let folder = try TemporaryFolder()
    let table = table(axial: true)
    try Tables.write(table, to: folder.file("t_sml.mat"))
    let script = """
      import scipy.io
      file = scipy.io.loadmat("\(folder.file("t_sml.mat"))", simplify_cells=True)
      loc = file["saveloc"]["loc"]
      print(file["fileformat"]["name"], len(loc["xnm"]), int(loc["frame"][-1]), int(file["saveloc"]["info"]["Width"]))
      """
    #expect(try Python.run(script) == "sml 20 20 256\n")
  }
}
