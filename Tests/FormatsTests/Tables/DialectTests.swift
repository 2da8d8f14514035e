import Formats
import Foundation
import Microscopy
import Reporting
import TestSupport
import Testing

/// Text tables of other programs, by their headers. The layouts are those that the programs write; the
/// values are chosen so that every conversion shows.
@Suite struct DialectTests {
  struct Sample: Sendable, CustomStringConvertible {
    var description: String
    var text: String
    /// Of the last row: frame from 0, x and y in pixels of 100 nm.
    var frame: Int
    var x: Double
    var y: Double
    var others: [Quantity: Double] = [:]
    var options = TableOptions(pixelSize: 100)
  }

  static let samples = [
    Sample(
      description: "N-STORM",
      text: "Channel Name\tX\tY\tXc\tYc\tWidth\tBG\tFrame\tLength\tZ\tZc\tPhotons"
        + "\tLateral Localization Accuracy\tXwc\tYwc\tZwc\n"
        + "647\t1\t2\t3\t4\t300\t9\t1\t1\t5\t6\t900\t10\t150\t250\t7\n"
        + "Non Specific\t1\t2\t3\t4\t300\t9\t4\t2\t5\t6\t900\t10\t250\t350\t8\n",
      frame: 3, x: 2, y: 3,
      others: [.z: 8, .photons: 900, .sigmaX: 1.5, .xError: 0.1, .yError: 0.1, .detections: 2]),
    Sample(
      description: "N-STORM without warp",
      text: "Channel Name\tX\tY\tXc\tYc\tWidth\tFrame\tZ\tZc\n647\t1\t2\t150\t250\t300\t2\t5\t6\n",
      frame: 1, x: 1, y: 2, others: [.z: 6, .sigmaX: 1.5]),
    Sample(
      description: "N-STORM, new order",
      text:
        "ID\tX\tY\tZ\tLateral Localization Accuracy\tChannel\tFrame\n9\t150\t250\t-5\t20\t1\t7\n",
      frame: 6, x: 1, y: 2, others: [.z: -5, .xError: 0.2]),
    Sample(
      description: "ONI with pixels",
      text: "Channel,Frame,X (nm),Y (nm),Z (nm),X precision (nm),Y precision (nm),X (pix),Y (pix),"
        + "Z (pix),Photons,Background\n0,0,150,250,5,10,20,1.28,2.13,0,700,3\n",
      frame: 0, x: 1, y: 2,
      others: [.z: 5, .photons: 700, .background: 3, .xError: 0.1, .yError: 0.2]),
    Sample(
      description: "SMAP csv", text: "xnm,ynm,znm,frame,phot,bg,locprecnm\n150,250,5,3,700,2,10\n",
      frame: 2, x: 1, y: 2, others: [.z: 5, .photons: 700, .background: 2, .xError: 0.1]),
    Sample(
      description: "SMAP csv, grouped",
      text: "phot,bg,filenumber,frame,numberInGroup,x,y,z,locprec,locprecz\n"
        + "700,2,1,3,4,150,250,5,10,30\n",
      frame: 2, x: 1, y: 2,
      others: [.z: 5, .photons: 700, .detections: 4, .yError: 0.1, .zError: 30]),
    Sample(
      description: "Elyra",
      text: "Index\tFirst Frame\tNumber Frames\tFrames Missing\tPosition X [nm]\tPosition Y [nm]"
        + "\tPrecision [nm]\tNumber Photons\r\n1\t5\t2\t0\t150\t250\t20\t700\r\n"
        + "\0\r\r\nVoxelSizeX : 0.05 µm\r\r\nROI List : \r\r\n",
      frame: 4, x: 1, y: 2, others: [.photons: 700, .xError: 0.2, .detections: 2, .id: 1]),
    Sample(
      description: "Elyra, pixel size of the footer",
      text: "Index\tFirst Frame\tPosition X [nm]\tPosition Y [nm]\r\n1\t5\t125\t75\r\n"
        + "\0\r\r\nVoxelSizeX : 0.0500000000 µm\r\r\n",
      frame: 4, x: 2, y: 1, options: TableOptions()),
    Sample(
      description: "Vutara",
      text: "image-ID,time-point,cycle,z-step,frame,accum,probe,photon-count,x,y,z,precisionx\n"
        + "0,0,0,0,6,1,0,700,150,250,5,10\n",
      frame: 6, x: 1, y: 2, others: [.z: 5, .photons: 700, .xError: 0.1],
      options: TableOptions(pixelSize: 100, firstFrame: 0)),
    Sample(
      description: "DoM",
      text: "X_(px)\tY_(px)\tFrame_Number\tX_(nm)\tX_loc_error(nm)\tY_(nm)\tY_loc_error(nm)\tZ_(nm)"
        + "\tSD_X_(nm)\tSD_Y_(nm)\n9\t9\t3\t150\t10\t250\t20\t5\t120\t130\n",
      frame: 2, x: 1, y: 2, others: [.xError: 0.1, .yError: 0.2, .z: 5, .sigmaX: 1.2, .sigmaY: 1.3]),
    Sample(
      description: "storm-analysis",
      text:
        "index,background,error,frame_number,height,sum,x,xsigma,y,z\n0,3,0,2,9,700,1,1.2,2,-0.25\n",
      frame: 2, x: 1, y: 2, others: [.z: -250, .photons: 700, .background: 3, .sigmaX: 1.2]),
    Sample(
      description: "Picasso",
      text: "frame,x,y,photons,sx,sy,bg,lpx,lpy\n2,1,2,700,1.1,1.2,3,0.1,0.2\n",
      frame: 2, x: 1, y: 2,
      others: [.photons: 700, .sigmaY: 1.2, .background: 3, .xError: 0.1, .yError: 0.2]),
    Sample(
      description: "Picasso with pandas' index",
      text: ",frame,x,y,photons,lpx,lpy\n0,2,1,2,700,0.1,0.2\n", frame: 2, x: 1, y: 2),
    Sample(
      description: "ZOLA",
      text: "id,frame,x [nm],y [nm],z [nm],intensity,background,chi2,crlbX,crlbY,crlbZ\n"
        + "1,0,150,250,5,700,3,1,10,20,30\n",
      frame: 0, x: 1, y: 2,
      others: [.photons: 700, .background: 3, .xError: 0.1, .yError: 0.2, .zError: 30]),
    Sample(
      description: "MINFLUX", text: "tid,t,x,y,z\n110,0,-50,50,-5\n", frame: 110, x: -1, y: 0,
      others: [.z: -5]),
    Sample(
      description: "PYME, header in a comment",
      text: "#A, fitResults_x0, fitResults_y0, x, y, z, error_x, tIndex\n"
        + "8.5e+02, 1.0e+02, 2.0e+02, 3.0e+02, 4.0e+02, 5, 1.0e+01, 7.000e+00\n",
      frame: 7, x: 3, y: 4, others: [.z: 5, .xError: 0.1]),
    Sample(
      description: "names in another case",
      text: "FRAME,X [NM],Y [nm],Intensity [Photon]\n2,150,250,700\n", frame: 1, x: 1, y: 2,
      others: [.photons: 700]),
    Sample(
      description: "synonyms",
      text: "frame,x [nm],y [nm],Number Photons,locprec [nm]\n2,150,250,700,10\n",
      frame: 1, x: 1, y: 2, others: [.photons: 700, .xError: 0.1]),
    Sample(
      description: "pixels beside nm", text: "frame,x [px],x [nm],y [px],y [nm]\n2,9,150,9,250\n",
      frame: 1, x: 1, y: 2),
    Sample(
      description: "units in names",
      text: "frame,x_pix,y_pix,X_nm,y nm,z_um,uncertainty_xy_nm\n2,9,9,150,250,0.5,10\n",
      frame: 1, x: 1, y: 2, others: [.z: 500, .xError: 0.1]),
    Sample(
      description: "a unit in a name that the caller gives",
      text: "frame,x_nm,y_nm,a_nm\n2,9,250,150\n",
      frame: 1, x: 1, y: 2, options: TableOptions(pixelSize: 100, unit: .nm, map: "x=A_nm,y=Y_NM")),
    Sample(
      description: "unit given", text: "frame,x,y,z,int\n2,150,250,5,9\n", frame: 1, x: 1, y: 2,
      others: [.z: 5], options: TableOptions(pixelSize: 100, unit: .nm)),
    Sample(
      description: "pixels given, heights in nm", text: "frame,x,y,z\n2,1.5,2.5,5\n", frame: 1,
      x: 1,
      y: 2, others: [.z: 5], options: TableOptions(pixelSize: 100, unit: .px)),
    Sample(
      description: "micrometres given", text: "frame,x,y,z\n2,0.15,0.25,0.5\n", frame: 1, x: 1,
      y: 2,
      others: [.z: 500], options: TableOptions(pixelSize: 100, unit: .um)),
    Sample(
      description: "columns given", text: "T,A,B,N\n2,150,250,700\n", frame: 1, x: 1, y: 2,
      others: [.photons: 700],
      options: TableOptions(pixelSize: 100, unit: .nm, map: "frame=T,x=A,y=b,photons=N")),
    Sample(
      description: "no header", text: "0 150 250 700\n3 150 250 900.5\n", frame: 3, x: 1, y: 2,
      others: [.photons: 900.5],
      options: TableOptions(
        pixelSize: 100, firstFrame: 0, unit: .nm, map: "frame=1,x=2,y=3,photons=4")),
    Sample(
      description: "frames from 0", text: "frame,x [nm],y [nm]\n0,150,250\n", frame: 0, x: 1, y: 2,
      options: TableOptions(pixelSize: 100, firstFrame: 0)),
    Sample(
      description: "CR line ends", text: "frame,x [nm],y [nm]\r1,50,50\r2,150,250\r", frame: 1,
      x: 1,
      y: 2),
    Sample(
      description: "CR line ends, none at the end", text: "frame,x [nm],y [nm]\r2,150,250",
      frame: 1,
      x: 1, y: 2),
    Sample(
      description: "decimal commas", text: "frame;x [nm];y [nm]\n2;150,0;250,00\n", frame: 1, x: 1,
      y: 2),
    Sample(
      description: "decimal commas between tabs", text: "frame\tx [nm]\ty [nm]\n2\t150,5\t0,25\n",
      frame: 1, x: 1.005, y: -0.4975),
    Sample(
      description: "quoted decimal commas", text: "frame,x [nm],y [nm]\n2,\"150,50\",\"250,0\"\n",
      frame: 1, x: 1.005, y: 2),
    Sample(
      description: "empty rows",
      text: "frame,x [nm],y [nm]\n,,\n2,150,250\n , ,\n\"\",\"\",\"\"\n", frame: 1, x: 1, y: 2),
    Sample(
      description: "empty rows between tabs", text: "frame\tx [nm]\ty [nm]\n2\t150\t250\n\t\t\n",
      frame: 1, x: 1, y: 2),
  ]

  @Test(arguments: samples) func reads(_ sample: Sample) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(sample.text, to: "t.txt")
    let table = try Tables.read(path, options: sample.options)
    #expect(table.frame.last == sample.frame)
    let expected = sample.others.merging([.x: sample.x, .y: sample.y]) { $1 }
    for (quantity, value) in expected {
      let found = table[quantity]?.last ?? .nan
      #expect(abs(found - value) < 1e-9, "\(quantity.name) is \(found), not \(value)")
    }
  }

  @Test func rowsWithoutAPositionAreLeftOut() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "frame,x [nm],y [nm]\n1,,250\n2,150,250\n3,150,NaN\n", to: "t.csv")
    let notes = Notes()
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100), observer: notes)
    #expect(table.frame == [1] && table[.x] == [1] && table[.y] == [2])
    #expect(notes.lines == ["2 rows of \(path) without x or y left out"])
    let none = try folder.write("frame,x [nm],y [nm]\n1,,250\n", to: "none.csv")
    #expect(try Tables.read(none, options: TableOptions(pixelSize: 100)).quantities == [.x, .y])
  }

  static let refusals: [(String, String, TableOptions, [String])] = [
    ("no unit", "frame,x,y\n1,2,3\n", TableOptions(), ["column x has no unit", "unit"]),
    (
      "frames from 0", "frame,x [nm],y [nm]\n0,2,3\n", TableOptions(pixelSize: 100), ["first-frame"]
    ),
    (
      "Vutara's frames",
      "image-ID,time-point,frame,photon-count,x,y\n0,0,6,700,150,250\n",
      TableOptions(pixelSize: 100),
      ["0 or 1", "first-frame"]
    ),
    ("no frame", "x,y,z\n1,2,3\n", TableOptions(unit: .px), ["no column frame", "map"]),
    ("no header", "0 1 2\n3 4 5\n", TableOptions(), ["without a header", "map"]),
    (
      "thousands", "frame\tx [nm]\ty [nm]\n1\t1,234\t5,678\n", TableOptions(pixelSize: 100),
      ["5,678", "decimals or a separator of thousands"]
    ),
    (
      "a column that is not there", "frame,x [nm],y [nm]\n1,2,3\n",
      TableOptions(pixelSize: 100, map: "x=Xwc"), ["no column Xwc", "x"]
    ),
    (
      "a quantity that is not there", "frame,x [nm],y [nm]\n1,2,3\n",
      TableOptions(pixelSize: 100, map: "colour=x"), ["colour is no quantity"]
    ),
    (
      "a column twice", "frame,x [nm],y [nm]\n1,2,3\n",
      TableOptions(pixelSize: 100, map: "x=x,y=x"), ["given twice"]
    ),
    (
      "no pixel size", "frame,x [nm],y [nm]\n1,2,3\n", TableOptions(pixelSize: 0), ["no pixel size"]
    ),
    ("UTF-16", "", TableOptions(), ["empty"]),
  ]

  @Test(arguments: refusals.indices) func refuses(_ index: Int) throws {
    let (name, text, options, expected) = Self.refusals[index]
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "t.csv")
    let complaint = words { try Tables.read(path, options: options) }
    for part in expected { #expect(complaint.contains(part), "\(name): \(complaint)") }
  }

  @Test(arguments: [
    TableOptions(pixelSize: 0), TableOptions(pixelSize: 0.1), TableOptions(pixelSize: .nan),
    TableOptions(pixelSize: 1001), TableOptions(photonsPerCount: -2),
    TableOptions(photonsPerCount: 0), TableOptions(map: "x"), TableOptions(map: "x=,y=b"),
  ])
  func impossibleOptions(_ options: TableOptions) {
    #expect(throws: SettingsError.self) { try options.checkRanges() }
  }

  /// A table that names no columns says so instead of ignoring the option.
  @Test func optionsThatDoNotApply() throws {
    let folder = try TemporaryFolder()
    var data = Data("M425".utf8)
    for value in [Int32(1), 6, 0] { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
    let path = try folder.write(data, to: "t.bin")
    #expect(try Tables.read(path).count == 0)
    for options in [
      TableOptions(firstFrame: 0), TableOptions(unit: .nm), TableOptions(map: "x=xc"),
    ] {
      #expect(words { try Tables.read(path, options: options) }.contains("states its columns"))
    }
  }

  @Test func formatsThatAreNotReadAreNamed() throws {
    let folder = try TemporaryFolder()
    for (head, name) in [
      (Data("PAR1".utf8), "a Parquet table"), (Data([0xFF, 0xFE, 0x66, 0]), "UTF-16"),
      (Data([0x1F, 0x8B, 8, 0]), "gzip"), (Data("DCIMG".utf8), "DCIMG"),
    ] {
      let path = try folder.write(head, to: "t")
      #expect(words { try Tables.read(path) }.contains(name))
    }
  }
}
