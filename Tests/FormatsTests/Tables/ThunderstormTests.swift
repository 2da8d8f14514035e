import Formats
import Foundation
import Microscopy
import Testing

@Suite struct ThunderstormTests {
  @Test func writesTheConventionExactly() throws {
    let folder = try TemporaryFolder()
    var table = Localizations(field: FieldOfView(width: 64, height: 64, frames: 5, pixelSize: 100))
    table.frame = [0, 4]
    table[.x] = [0, 10.25]
    table[.y] = [-0.5, 3]
    table[.photons] = [1000, 250.5]
    table[.background] = [1.25, 0]
    table[.sigmaX] = [1.3, 1.1]
    table[.xError] = [0.03, 0.1]
    table[.yError] = [0.04, 0.1]
    try Tables.write(table, to: folder.file("a.csv"))
    let text = try String(contentsOfFile: folder.file("a.csv"), encoding: .utf8)
    #expect(
      text == """
        "id","frame","x [nm]","y [nm]","sigma [nm]","intensity [photon]","offset [photon]",\
        "uncertainty_xy [nm]","x_error [nm]","y_error [nm]"
        1,1,50,0,130,1000,1.25,3.536,3,4
        2,5,1075,350,110,250.5,0,10,10,10

        """)
    #expect(folder.contents == ["a-protocol.txt", "a.csv"])
    let notes = try String(contentsOfFile: folder.file("a-protocol.txt"), encoding: .utf8)
    #expect(notes.contains("\"pixelSize\" : 100"))
    #expect(notes.contains("corner of the first pixel is (0, 0)"))
  }

  @Test func roundTripKeepsEveryColumn() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 40_000)
    try Tables.write(table, to: folder.file("t.csv"))
    let back = try Tables.read(folder.file("t.csv"))
    #expect(back.frame == table.frame)
    #expect(back.field == table.field)
    #expect(back.provenance == table.provenance)
    // 0.0005 nm of a 130 nm pixel, and nine digits.
    for quantity in [Quantity.x, .y, .sigmaX, .sigmaY, .xError, .yError] {
      #expect(difference(back, table, quantity) <= 0.000_501 / 130, "\(quantity.name)")
    }
    #expect(difference(back, table, .z) <= 0.000_501)
    #expect(difference(back, table, .zError) <= 0.000_501)
    for quantity in table.quantities where quantity.unit != .pixel && quantity.unit != .nanometre {
      let largest = table[quantity]!.map(abs).max()!
      #expect(difference(back, table, quantity) <= largest * 1e-8, "\(quantity.name)")
    }
    #expect(Set(back.quantities) == Set(table.quantities + [.id]))
  }

  @Test func secondTripIsExact() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 500), to: folder.file("a.csv"))
    let first = try Tables.read(folder.file("a.csv"))
    try Tables.write(first, to: folder.file("b.csv"))
    let second = try Tables.read(folder.file("b.csv"))
    #expect(second.frame == first.frame)
    for quantity in first.quantities {
      #expect(second[quantity] == first[quantity], "\(quantity.name)")
    }
  }

  @Test(arguments: [
    "\"id\",\"frame\",\"x [nm]\",\"y [nm]\",\"uncertainty [nm]\"\n1,3,250,50,20\n",
    "id,frame,x [nm],y [nm],uncertainty_xy [nm]\r\n1.0,3.0,250.0,5e1,20\r\n",
    "\"uncertainty [nm]\",\"y [nm]\",\"x [nm]\",\"frame\"\n20,50,250,3",
    "\"frame\",\"x [um]\",\"y [px]\",\"uncertainty [um]\"\n\n3,0.25,0.5,0.02\n\n",
    "\"frame\";\"x [nm]\";\"y [nm]\";\"uncertainty [nm]\"\n\"3\"; 250 ;50;20;\n",
    "\"id,\"\"frame\"\",\"\"x [nm]\"\",\"\"y [nm]\"\",\"\"uncertainty [nm]\"\"\"\n1,3,250,50,20\n",
    "\u{FEFF}frame\tX (nm)\tY (nm)\tuncertainty (nm)\tnote\n3\t250\t50\t20\tgood spot\n",
  ])
  func readsEverySpelling(text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "t.csv")
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100))
    #expect(table.frame == [2])
    #expect(table[.x] == [2])
    #expect(table[.y] == [0])
    #expect(table[.xError] == [0.2])
    #expect(table[.yError] == [0.2])
    #expect(table.field.pixelSize == 100)
  }

  @Test func keepsUnknownColumns() throws {
    let folder = try TemporaryFolder()
    let text =
      "frame,x [nm],y [nm],intensity [ADU],charm [nm],luck,odd [furlong]\n1,50,50,700,3,0.5,9\n"
    let path = try folder.write(text, to: "t.csv")
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100))
    #expect(table[Quantity("charm", .nanometre)] == [3])
    #expect(table[Quantity("luck", .none)] == [0.5])
    #expect(table[Quantity("odd [furlong]", .none)] == [9])
    #expect(table[.photons] == nil)
    #expect(table[Quantity("intensity [ADU]", .none)] == [700])
    let photons = try Tables.read(
      path, options: TableOptions(pixelSize: 100, photonsPerCount: 0.5))
    #expect(photons[.photons] == [350])
  }

  @Test func findsThePixelSizeInThunderstormsOwnProtocol() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("frame,x [nm],y [nm]\n1,80,40\n", to: "t.csv")
    _ = try folder.write(
      #"{"version": "1.3", "imageInfo": {"title": "m.tif"}, "cameraSettings": {"pixelSize": 80.0}}"#,
      to: "t-protocol.txt")
    let table = try Tables.read(path)
    #expect(table[.x] == [0.5])
    #expect(table[.y] == [0])
  }

  @Test func pixelSizeMustBeKnown() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("frame,x [nm],y [nm]\n1,80,40\n", to: "t.csv")
    #expect(throws: TableError.pixelSizeUnknown(path: path)) { try Tables.read(path) }
    #expect(words { try Tables.read(path) }.hasSuffix("\nhint: give pixel-size in nm"))
    #expect(throws: TableError.pixelSizeUnknown(path: folder.file("o.csv"))) {
      try Tables.writer(path: folder.file("o.csv"), field: FieldOfView(), quantities: [.x, .y])
    }
    // Pixels need no size.
    let pixels = try folder.write("frame,x [px],y [px]\n1,1,2\n", to: "p.csv")
    #expect(try Tables.read(pixels)[.x] == [0.5])
  }

  @Test(arguments: [
    ("frame,x [nm],y [nm]\n1,2\n", "line 2: 3 columns expected, 2 found"),
    ("frame,x [nm],y [nm]\n1,2,3\n1,2,3,4\n", "line 3: \"4\" stands where"),
    ("frame,x [nm],y [nm]\n\n1,2,3\n1,oops,3\n", "line 4: \"oops\" in column 2 is not a number"),
    ("frame,x [nm],y [nm]\n0,2,3\n", "frame 0.0 is not a whole number of at least 1"),
    ("frame,x [nm],y [nm]\n1.5,2,3\n", "frame 1.5 is not a whole number"),
    ("frame,x [nm],y [nm]\n,2,3\n", "frame nan is not a whole number"),
    ("frame,x [nm]\n1,2\n", "has no column y; it has frame, x"),
    ("x [nm],y [nm]\n1,2\n", "has no column frame"),
    ("frame,x,y\n1,2,3\n", "column x has no unit"),
    ("frame,x [inch],y [nm]\n1,2,3\n", "column x has the unit \"inch\""),
    ("frame,x [nm],y [nm],a,a\n1,2,3,4,5\n", "two columns are named a"),
    ("frame,frame,x [nm],y [nm]\n1,1,2,3\n", "two columns are named frame"),
    ("1 2 3 4\n", "text without a header"), ("frame,x [nm]\n1,oops\n", "no column y"),
    ("\n\n\n", "no header"),
  ])
  func namesWhatIsWrong(text: String, words: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "t.csv")
    let complaint = FormatsTests.words {
      try Tables.read(path, options: TableOptions(pixelSize: 100))
    }
    #expect(complaint.contains(words), "\(complaint)")
    #expect(complaint.contains(path))
  }

  @Test func headerAloneIsAnEmptyTable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("frame,x [nm],y [nm],z [nm]\n", to: "t.csv")
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100))
    #expect(table.count == 0)
    #expect(table.quantities == [.x, .y, .z])
  }

  @Test func batchMustHaveTheColumns() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 3)
    for name in ["t.csv", "t.hdf5"] {
      let writer = try Tables.writer(
        path: folder.file(name), field: table.field, quantities: [.x, .y, .probability])
      #expect(throws: TableError.self) { try writer.append(table) }
      writer.abandon()
    }
    #expect(folder.contents == [])
  }
}
