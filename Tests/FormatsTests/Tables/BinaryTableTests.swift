import Containers
import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Tables in containers of other programs, and the ones that Glint writes.
@Suite struct BinaryTableTests {
  @Test(arguments: ["t.smlm", "t_sml.mat"]) func roundTrip(_ name: String) throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 5000)
    try Tables.write(table, to: folder.file(name))
    #expect(folder.contents == [name])
    let back = try Tables.read(folder.file(name))
    #expect(back.frame == table.frame)
    #expect(back.provenance == table.provenance)
    #expect(back.field.pixelSize == 130)
    let kept: [Quantity] =
      name == "t.smlm"
      ? table.quantities
      : [
        .x, .y, .z, .photons, .background, .sigmaX, .sigmaY, .xError, .yError, .zError, .iterations,
      ]
    for quantity in kept {
      let largest = table[quantity]?.map(abs).max() ?? 0
      let tolerance = name == "t.smlm" ? 2e-7 * max(largest, 1) : 1e-9 * max(largest, 1)
      #expect(difference(back, table, quantity) <= tolerance, "\(quantity.name)")
    }
  }

  @Test(arguments: ["t.smlm", "t_sml.mat"]) func emptyTable(_ name: String) throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 0), to: folder.file(name))
    #expect(try Tables.read(folder.file(name)).count == 0)
  }

  @Test func smapNamesEndAsSMAPExpects() throws {
    let folder = try TemporaryFolder()
    let complaint = words { try Tables.write(sampleTable(rows: 2), to: folder.file("t.mat")) }
    #expect(complaint.contains("_sml.mat"))
    #expect(folder.contents == [])
  }

  @Test func standardColumnsAloneAreWritten() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 3)
    for name in ["t.csv", "t.hdf5", "t.smlm", "t_sml.mat"] {
      try Tables.write(table, to: folder.file(name), columns: .standard)
      let back = try Tables.read(folder.file(name))
      #expect(back[.photons] != nil && back[.zError] != nil && back[.xError] != nil, "\(name)")
      for quantity in [Quantity.logLikelihoodRatio, .state, .photonsError] {
        #expect(back[quantity] == nil, "\(name): \(quantity.name)")
      }
    }
    let text = try String(contentsOfFile: folder.file("t.csv"), encoding: .utf8)
    #expect(
      text.hasPrefix(
        "\"id\",\"frame\",\"x [nm]\",\"y [nm]\",\"z [nm]\",\"sigma1 [nm]\",\"sigma2 [nm]\","
          + "\"intensity [photon]\",\"offset [photon]\",\"uncertainty_xy [nm]\",\"uncertainty_z [nm]\"\n"
      ))
  }

  /// Importers of tables without z ask for one width.
  @Test func twoWidthsWithoutHeights() throws {
    let folder = try TemporaryFolder()
    var table = Localizations(field: FieldOfView(pixelSize: 100))
    table.frame = [0]
    (table[.x], table[.y], table[.sigmaX], table[.sigmaY]) = ([0], [0], [1], [4])
    try Tables.write(table, to: folder.file("t.csv"))
    let text = try String(contentsOfFile: folder.file("t.csv"), encoding: .utf8)
    #expect(text.hasSuffix("\n1,1,50,50,200,100,400\n"))
    let back = try Tables.read(folder.file("t.csv"))
    #expect(back[.sigmaX] == [1] && back[.sigmaY] == [4])
    #expect(back.quantities.contains { $0.name == "sigma" } == false)
  }

  /// Rows without a place, or with an impossible one, do not decide the size of the movie.
  @Test(arguments: [Double.infinity, 1e22, -1e22, .nan, 1e300])
  func impossibleCoordinates(_ value: Double) throws {
    let folder = try TemporaryFolder()
    for quantity in [Quantity.x, .y] {
      var table = Localizations()
      table.frame = [0, 0, 1]
      table[.x] = [3, 2, 5]
      table[.y] = [3, 2, 5]
      table[quantity]?[0] = value
      let path = folder.file("t.hdf5")
      if value >= 1e9 {
        let complaint = words { try Tables.write(table, to: path) }
        #expect(complaint.contains("in row 1") && complaint.contains(quantity.name), "\(complaint)")
        #expect(folder.contents == [])
      } else {
        try Tables.write(table, to: path, overwrite: true)
        let field = try Tables.read(path).field
        #expect(field.width == 6 && field.height == 6)
        for name in folder.contents {
          try FileManager.default.removeItem(atPath: folder.file(name))
        }
      }
    }
  }

  // MARK: MINFLUX

  @Test func minfluxRecords() throws {
    let folder = try TemporaryFolder()
    // Two iterations; the second counts. The second record is not valid.
    let type =
      "[('itr', [('itr', '<i4'), ('loc', '<f8', (3,)), ('efo', '<f8')], (2,)), ('note', 'S3'), "
      + "('tid', '<i4'), ('tim', '>f8'), ('vld', '|b1')]"
    var header = "{'descr': \(type), 'fortran_order': False, 'shape': (3,), }"
    header += String(repeating: " ", count: 245 - header.utf8.count) + "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 246, 0]) + Data(header.utf8)
    func add<T>(_ value: T) { withUnsafeBytes(of: value) { data += $0 } }
    for row in 0..<3 {
      for iteration in 0..<2 {
        add(Int32(iteration))
        for axis in 0..<3 { add((Double(row * 10 + axis) + Double(iteration) * 100) * 1e-9) }
        add(Double(iteration * 1000 + row))
      }
      data += Data("abc".utf8)
      add(Int32(7 + row))
      add((0.5 * Double(row)).bitPattern.bigEndian)
      data.append(row == 1 ? 0 : 1)
    }
    let path = try folder.write(data, to: "m.npy")
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100))
    #expect(table.frame == [7, 9])
    let x = try #require(table[.x])
    #expect(zip(x, [0.5, 0.7]).allSatisfy { abs($0 - $1) < 1e-9 }, "\(x)")
    #expect(abs(try #require(table[.z]?.last) - 122) < 1e-9)
    #expect(table[Quantity("tim", .none)] == [0, 1])
    #expect(table[Quantity("efo", .none)] == [1000, 1002])
  }

  @Test func minfluxText() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<3).map { row in
      """
      {"vld": \(row != 1), "tid": \(7 + row), "tim": \(row), "itr": [
      {"itr": 0, "loc": [0, 0, 0], "efo": 1}, {"itr": 1, "loc": [\(row)e-7, 2e-7, 0], "efo": 5}]}
      """
    }
    let path = try folder.write("[" + rows.joined(separator: ",\n") + "]", to: "m.json")
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100))
    #expect(table.frame == [7, 9])
    #expect(abs(try #require(table[.x]?.last) - 1.5) < 1e-9)
    #expect(table[.z] == nil)
    #expect(table[Quantity("efo", .none)] == [5, 5])
  }

  @Test func minfluxOfMATLAB() throws {
    let folder = try TemporaryFolder()
    // Two records of two iterations, column-major.
    let places: [Double] = [0, 0, 1, 3, 0, 0, 2, 4, 0, 0, 5, 6].map { $0 * 1e-7 }
    let itr = MATWriter.Value.structure([
      ("loc", .numbers(shape: [2, 2, 3], places)), ("efo", .numbers(shape: [2, 2], [1, 1, 7, 8])),
    ])
    var bytes = MATWriter.head("test")
    MATWriter.write(itr, name: "itr") { bytes += $0 }
    for (name, values) in [("tid", [4.0, 5]), ("vld", [1, 1])] {
      MATWriter.write(.numbers(shape: [2, 1], values), name: name) { bytes += $0 }
    }
    let table = try Tables.read(
      folder.write(bytes, to: "m.mat"), options: TableOptions(pixelSize: 100))
    #expect(table.frame == [4, 5])
    #expect(abs(try #require(table[.x]?.last) - 2.5) < 1e-9)
    #expect(abs(try #require(table[.z]?.first) - 500) < 1e-9)
    #expect(table[Quantity("efo", .none)] == [7, 8])
  }

  /// A list that is no table of places: one axis, or nothing in it.
  @Test(arguments: [[3], [2, 0, 3]]) func minfluxWithoutPlaces(_ shape: [Int]) throws {
    let folder = try TemporaryFolder()
    var bytes = MATWriter.head("test")
    let values = [Double](repeating: 1, count: shape.reduce(1, *))
    MATWriter.write(.numbers(shape: shape, values), name: "loc") { bytes += $0 }
    let path = try folder.write(bytes, to: "m.mat")
    #expect(throws: TableError.self) { try Tables.read(path) }
  }

  // MARK: TSF

  static func taggedSpots(unit: Int, intensity: Int = 1) -> Data {
    var spots: [UInt8] = []
    func add(_ message: ProtobufWriter) {
      spots.append(UInt8(message.bytes.count))
      spots += message.bytes
    }
    for row in 0..<3 {
      var spot = ProtobufWriter()
      spot.number(1, row)
      spot.number(2, 1)
      spot.number(3, row + 1)
      spot.float(7, Float(150 + 100 * row))
      spot.float(8, 250)
      if row > 0 { spot.float(9, -5) }
      spot.float(10, 700)
      spot.float(104, 10)
      add(spot)
    }
    let place = spots.count
    var list = ProtobufWriter()
    list.number(1, 1)
    list.number(5, 64)
    list.number(6, 48)
    list.float(7, 100)
    list.number(22, unit)
    list.number(23, intensity)
    add(list)
    let head: [UInt8] =
      [0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: place >> (56 - 8 * $0)) }
    return Data(head + spots)
  }

  @Test func taggedSpots() throws {
    let folder = try TemporaryFolder()
    let table = try Tables.read(folder.write(Self.taggedSpots(unit: 0), to: "t.tsf"))
    #expect(table.frame == [0, 1, 2])
    #expect(table[.x] == [1, 2, 3] && table[.y] == [2, 2, 2])
    #expect(table[.z]?.first?.isNaN == true && table[.z]?.last == -5)
    #expect(table[.photons] == [700, 700, 700])
    #expect(table[.xError] == [0.1, 0.1, 0.1])
    #expect(table.field == FieldOfView(width: 64, height: 48, pixelSize: 100))
    let pixels = try Tables.read(folder.write(Self.taggedSpots(unit: 2, intensity: 0), to: "p.tsf"))
    #expect(pixels[.x] == [149.5, 249.5, 349.5])
    #expect(pixels[.photons] == nil)
    #expect(
      words { try Tables.read(folder.write(Self.taggedSpots(unit: 5), to: "u.tsf")) }
        .contains("unknown unit"))
  }

  // MARK: smlm

  @Test func smlmOfOtherPrograms() throws {
    let folder = try TemporaryFolder()
    func archive(_ manifest: String, _ tables: [[UInt8]]) -> Data {
      var bytes: [UInt8] = []
      var writer = ZipWriter()
      let members =
        tables.enumerated().map { ("t\($0).bin", $1) } + [("manifest.json", Array(manifest.utf8))]
      for (name, content) in members {
        let sum = content.withUnsafeBytes { ZipWriter.checksum($0) }
        writer.add(name, at: bytes.count, size: content.count, checksum: sum)
        bytes += ZipWriter.header(name, size: content.count, checksum: sum) + content
      }
      return Data(bytes + writer.directory(at: bytes.count))
    }
    func manifest(rows: Int, tables: Int = 1, offset: Int = 0) -> String {
      let files = (0..<tables).map {
        """
        {"name": "t\($0).bin", "type": "table", "format": "f", "rows": "\(rows)", \
        "offset": {"x": \(offset)}}
        """
      }
      return """
        {"formats": {"f": {"headers": ["x", "frame", "v", "y"], "mode": "binary", \
        "dtype": ["float32", "uint8", "int16", "float32"], "shape": ["1", 1, 2, 1], \
        "units": ["nm", "", "", "um"]}}, "files": [\(files.joined(separator: ","))]}
        """
    }
    var table: [UInt8] = []
    for row in 1...2 {
      withUnsafeBytes(of: Float(50 + 100 * row)) { table += $0 }
      table += [UInt8(row), 9, 9, 9, 9]
      withUnsafeBytes(of: Float(0.25)) { table += $0 }
    }
    let options = TableOptions(pixelSize: 100)
    let one = try Tables.read(
      folder.write(archive(manifest(rows: 2), [table]), to: "a.smlm"), options: options)
    #expect(one.frame == [0, 1] && one[.x] == [1, 2] && one[.y] == [2, 2])
    #expect(one.quantities == [.x, .y])
    let two = try Tables.read(
      folder.write(archive(manifest(rows: 2, tables: 2), [table, table]), to: "b.smlm"),
      options: options)
    #expect(two[Quantity("channel", .none)] == [0, 0, 1, 1])
    let long = archive(manifest(rows: 3), [table])
    #expect(
      words { try Tables.read(folder.write(long, to: "c.smlm"), options: options) }
        .contains("holds 2 rows, its manifest states 3"))
    let moved = archive(manifest(rows: 2, offset: 5), [table])
    #expect(
      words { try Tables.read(folder.write(moved, to: "d.smlm"), options: options) }
        .contains("offset of 5"))
  }

  // MARK: HDF5 of other programs

  @Test(.python("h5py", "numpy")) func soundFilesAreNotDamaged() throws {
    let folder = try TemporaryFolder()
    func write(_ type: String, _ row: String, to name: String) throws -> String {
      let script = """
        import h5py, numpy
        with h5py.File("\(folder.file(name))", "w") as f:
          f["locs"] = numpy.array([\(row)] * 3, dtype=[("frame", "f8"), ("x", "f4"), ("y", "f4"), \(type)])
        """
      #expect(try Python.run(script).isEmpty)
      return folder.file(name)
    }
    let extra = try Tables.read(
      write(
        "('good', '?'), ('v', 'f4', (2,)), ('h', 'f2'), ('s', 'S4'), ('photons', 'u2')",
        "(2, 1, 2, True, (1, 2), 0.5, b'ab', 700)", to: "a.hdf5"))
    #expect(extra.frame == [2, 2, 2] && extra[.photons] == [700, 700, 700])
    #expect(extra[Quantity("good", .none)] == [1, 1, 1] && extra[Quantity("h", .none)]?[0] == 0.5)
    let molecules = try Tables.read(
      write("('std_frame', 'f4'), ('n', 'i4')", "(8908.875, 1, 2, 12.5, 4)", to: "b.hdf5"))
    #expect(molecules.frame == [8909, 8909, 8909])
    #expect(molecules[Quantity("mean_frame", .none)] == [8908.875, 8908.875, 8908.875])
    #expect(molecules[.detections] == [4, 4, 4])
    let broken = try write("('n', 'i4')", "(8908.875, 1, 2, 4)", to: "c.hdf5")
    #expect(words { try Tables.read(broken) }.contains("frame 8908.875 is not a whole number"))
  }

  @Test(.python("pandas", "tables")) func pandasOwnLayoutIsNamed() throws {
    let folder = try TemporaryFolder()
    for format in ["fixed", "table"] {
      let script = """
        import pandas
        pandas.DataFrame({"frame": [0], "x": [1.0], "y": [2.0]}).to_hdf(
          "\(folder.file(format)).hdf5", key="locs", format="\(format)")
        """
      _ = try Python.run(script)
      let complaint = words { try Tables.read(folder.file(format + ".hdf5")) }
      #expect(complaint.contains("pandas") && complaint.contains("to_csv"), "\(complaint)")
    }
  }

  @Test(.python("h5py", "numpy")) func pymeFits() throws {
    let folder = try TemporaryFolder()
    let script = """
      import h5py, numpy
      inner = [("A", "f4"), ("x0", "f4"), ("y0", "f4"), ("sigma", "f4")]
      rows = numpy.zeros(2, dtype=[("tIndex", "i4"), ("fitResults", inner), ("fitError", inner)])
      rows["tIndex"] = [0, 5]; rows["fitResults"]["x0"] = [100, 200]; rows["fitResults"]["y0"] = 300
      rows["fitError"]["x0"] = 10; rows["fitResults"]["sigma"] = 120
      with h5py.File("\(folder.file("t.h5r"))", "w") as f:
        f["FitResults"] = rows
        f.create_group("MetaData").attrs["voxelsize.x"] = 0.1
      """
    #expect(try Python.run(script).isEmpty)
    let table = try Tables.read(folder.file("t.h5r"))
    #expect(table.frame == [0, 5] && table[.x] == [1, 2] && table[.y] == [3, 3])
    #expect(table[.xError] == [0.1, 0.1] && table[.sigmaX] == [1.2, 1.2])
    #expect(table.field.pixelSize == 100)
  }
}
