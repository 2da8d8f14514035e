import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Our files, read by the programs for which they are written.
@Suite struct PythonTests {
  @Test(.python("h5py")) func h5pyReadsTheRecords() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 20_000)
    try Tables.write(table, to: folder.file("t.hdf5"))
    let script = """
      import h5py, json
      f = h5py.File("\(folder.file("t.hdf5"))")
      d = f["locs"]
      print(d.shape[0], d.dtype["frame"], d.dtype["x"], d.dtype["iterations"], d.dtype.names[:9])
      a = d[()]
      print(int(a["frame"][-1]), repr(float(a["x"][-1])), repr(float(a["lpz"][17])))
      m = json.loads(f["metadata"][()])
      print(m[0]["Width"], m[0]["Pixelsize"], m[1]["Box Size"], len(m))
      """
    let text = try Python.run(script)
    let names = "('frame', 'x', 'y', 'photons', 'sx', 'sy', 'bg', 'lpx', 'lpy')"
    #expect(
      text == """
        20000 uint32 float32 uint32 \(names)
        \(table.frame.last!) \(Double(Float(table[.x]!.last!))) \(Double(Float(table[.zError]![17])))
        256 130 7 3

        """)
  }

  @Test(.python("pandas", "tables")) func pandasReadsBoth() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 1000)
    try Tables.write(table, to: folder.file("t.hdf5"))
    try Tables.write(table, to: folder.file("t.csv"))
    let script = """
      import pandas, tables
      h = pandas.read_hdf("\(folder.file("t.hdf5"))", key="locs")
      c = pandas.read_csv("\(folder.file("t.csv"))")
      print(len(h), len(c), list(c.columns[:5]))
      print(((h.x + 0.5) * 130 - c["x [nm]"]).abs().max() < 0.01, (h.frame + 1 - c.frame).abs().max())
      """
    let text = try Python.run(script)
    #expect(
      text == "1000 1000 ['id', 'frame', 'x [nm]', 'y [nm]', 'z [nm]']\nTrue 0\n")
  }

  @Test(.python("picasso")) func picassoLoadsTheTable() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 1000), to: folder.file("t.hdf5"))
    let script = """
      import os
      os.environ["QT_QPA_PLATFORM"] = "offscreen"
      from picasso import io, lib
      locs, info = io.load_locs("\(folder.file("t.hdf5"))")
      print("rows", len(locs), len(info), info[0]["Width"], lib.get_from_metadata(info, "Pixelsize"))
      """
    let text = try Python.run(script)
    #expect(text.hasSuffix("rows 1000 3 256 130\n"), "\(text)")
  }

  @Test(.python("yaml")) func yamlIsPlain() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 10)
    try Tables.write(table, to: folder.file("t.hdf5"))
    let script = """
      import yaml
      d = list(yaml.safe_load_all(open("\(folder.file("t.yaml"))")))
      print(len(d), d[0]["Width"], d[1]["Box Size"], repr(d[1]["recipe"]), d[0]["Column units"])
      """
    let text = try Python.run(script)
    #expect(text == "3 256 7 'detector: dog\\nbox: 7\\n' {'tilt': 'deg'}\n")
  }
}
