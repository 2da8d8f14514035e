import Containers
import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Files of other tools; counts, last rows and sums of x were computed with pandas and h5py.
@Suite struct ForeignTableTests {
  struct Expected: Sendable {
    var path: String
    var rows: Int
    var frame: Int
    var x: Double
    var y: Double
    var pixelSize: Double? = 100
  }

  static let tables = [
    Expected(
      path: "tables/ThunderSTORM_TS3D.csv", rows: 11_195, frame: 24_999, x: 254.9740149,
      y: 210.9930569),
    Expected(
      path: "tables/locan/Thunderstorm_dstorm_data.csv", rows: 19, frame: 2000, x: 165.1623673025,
      y: 13.8220798637),
    Expected(
      path: "colour/sSMLM_speccali/speccali001.csv", rows: 132, frame: 0, x: 1398.0661192070,
      y: 47.4237769300),
    Expected(
      path: "drift/thunderstorm_bead_locs_3.csv", rows: 4960, frame: 239, x: 315.204446,
      y: 263.6798501),
    Expected(
      path: "movies/deepstorm_random_hd/positions_demo1.csv", rows: 4956, frame: 19, x: 63.3435579,
      y: 51.5034775),
    Expected(
      path: "movies/nairr_2DAiry_MD_Validate/2DAiry_MD_Validate_xy.csv", rows: 19_787, frame: 499,
      x: 3.8069414284, y: -0.4325015732),
    Expected(
      path: "movies/nairr_2DGauss_HD_Validate/2DGauss_HD_Validate_xy.csv", rows: 32_508,
      frame: 499, x: 17.5529603614, y: 24.9325209258),
    Expected(
      path: "movies/nairr_2DGauss_LD_Train/2DGauss_LD_Train_xy.csv", rows: 10_767, frame: 999,
      x: 10.7722358249, y: 21.5163337827),
    Expected(
      path: "movies/nairr_3DAS_LD_Train/3DAS_LD_Train_xyz.csv", rows: 6322, frame: 999,
      x: 4.2786218319, y: 12.5111368115),
    Expected(
      path: "groundtruth/challenge2016_MT0.N1.HD_activations.csv", rows: 31_612, frame: 1754,
      x: 63.44561, y: 36.66624),
    Expected(
      path: "movies/smlm2013_tubulins1/ground_truth", rows: 114, frame: 14, x: 63.1032,
      y: 215.3992),
    Expected(
      path: "tables/rapidstorm_FtsZ_Caulobacter_3D.txt", rows: 20_990, frame: 7999, x: 44.0144,
      y: 105.349),
    Expected(
      path: "drift/rapidstorm_single_bead_drift.txt", rows: 10_001, frame: 9999, x: 75.2371,
      y: 82.1867),
    Expected(
      path: "movies/real/locan_images_rapidSTORM.txt", rows: 12, frame: 29, x: 132.435, y: 54.4164),
    Expected(
      path: "movies/storm_analysis/test_olist.bin", rows: 2000, frame: 9, x: 68.5919723511,
      y: 184.2218627930, pixelSize: nil),
    Expected(
      path: "movies/storm_analysis/test_olist.txt", rows: 200, frame: 0, x: 186.7327728271,
      y: 172.1569824219, pixelSize: nil),
    Expected(
      path: "movies/storm_analysis/test_ref.hdf5", rows: 200, frame: 0, x: 186.7327728271,
      y: 172.1569824219, pixelSize: nil),
    Expected(
      path: "tables/picasso/raw_movie_locs.hdf5", rows: 2399, frame: 4979, x: 8.8309383,
      y: 19.9331875, pixelSize: nil),
    Expected(
      path: "tables/picasso/testdata_locs.hdf5", rows: 564, frame: 990, x: 15.4869776,
      y: 25.5108528, pixelSize: nil),
    Expected(
      path: "tables/locan/decode_dstorm_data.h5", rows: 96, frame: 19_552, x: -0.2090667,
      y: 139.6472168, pixelSize: nil),
    Expected(
      path: "formats/tables/nikontestdata.bin.txt", rows: 10, frame: 22_013, x: 239.737, y: 161.032),
    Expected(path: "tables/locan/Elyra_dstorm_data.txt", rows: 15, frame: 0, x: 53.198, y: 83.894),
    Expected(
      path: "tables/locan/Nanoimager_dstorm_data.csv", rows: 14, frame: 0, x: 388.04144531,
      y: 700.00382813),
    Expected(
      path: "tables/ZOLA_localization_table.csv", rows: 14_075, frame: 9229, x: 13.8408, y: 46.7825),
    Expected(
      path: "tables/locan/SMLM_dstorm_data.smlm", rows: 10, frame: 0, x: 141.655,
      y: 76.1672998046875),
    Expected(
      path: "tables/pyme/test_csv.csv", rows: 4281, frame: 22_112, x: -3.081878, y: -4.690298),
    Expected(
      path: "tables/pyme/test_hdf.hdf", rows: 4281, frame: 22_112, x: -3.0818780518,
      y: -4.6902978516),
    Expected(
      path: "formats/minflux/Fig2_U2OS_Tom70-Dreiklang_ATP5B_AB_Minflux3D.csv", rows: 12_422,
      frame: 190_028, x: -3.0111816155, y: 3.0517542800),
    Expected(
      path: "tables/locan/smap_dstorm_data.mat", rows: 4884, frame: 1000, x: 227.4648633,
      y: 236.5692188),
  ]

  @Test(
    .anyData(of: tables.map(\.path)), arguments: tables.filter { SharedData.has($0.path) })
  func reads(_ expected: Expected) throws {
    let table = try Tables.read(
      SharedData.path(expected.path), options: TableOptions(pixelSize: expected.pixelSize))
    #expect(table.count == expected.rows)
    #expect(table.frame.last == expected.frame)
    #expect(abs((table[.x]?.last ?? .nan) - expected.x) < 1e-6)
    #expect(abs((table[.y]?.last ?? .nan) - expected.y) < 1e-6)
    for quantity in table.quantities {
      #expect(table[quantity]?.count == table.count, "\(quantity.name)")
    }
  }

  @Test(.data("movies/nairr_2DGauss_LD_Train/2DGauss_LD_Train_xy.csv"))
  func nairrColumnsHaveTheirMeaning() throws {
    let table = try Tables.read(
      SharedData.path("movies/nairr_2DGauss_LD_Train/2DGauss_LD_Train_xy.csv"),
      options: TableOptions(pixelSize: 100))
    #expect(table[.id]?.first == 25)
    #expect(table[.photons]?.first == 3000)
    #expect(table[.background]?.first == 500)
    #expect(abs(table[.sigmaX]!.first! - 1.08805981) < 1e-8)
  }

  @Test(.data("tables/picasso/testdata_locs.hdf5")) func picassoFieldAndErrors() throws {
    let table = try Tables.read(SharedData.path("tables/picasso/testdata_locs.hdf5"))
    #expect(table.field == FieldOfView(width: 32, height: 32, frames: 1000, pixelSize: 130))
    #expect(abs(table[.xError]!.last! - 0.0338152) < 1e-6)
    #expect(table[.iterations]?.last == 4)
    #expect(table.provenance.map(\.program) == ["Picasso", "Picasso"])
  }

  /// The emitter list and the reference table hold the same positions in two conventions.
  @Test(
    .data("movies/storm_analysis/test_olist.txt", "movies/storm_analysis/test_ref.hdf5"))
  func insight3AndStormAnalysisAgree() throws {
    let a = try Tables.read(SharedData.path("movies/storm_analysis/test_olist.txt"))
    let b = try Tables.read(SharedData.path("movies/storm_analysis/test_ref.hdf5"))
    #expect(difference(a, b, .x) < 1e-4)
    #expect(difference(a, b, .y) < 1e-4)
  }

  /// The arrays inside an archive of two, of which Glint reads archives of one.
  @Test(.data("formats/minflux/aggregates.npy.zip")) func minfluxArrays() throws {
    let folder = try TemporaryFolder()
    let path = SharedData.path("formats/minflux/aggregates.npy.zip")
    #expect(words { try Tables.read(path) }.contains("2D_aggregates.npy, 3D_aggregates.npy"))
    let archive = try ZipArchive(InputFile.contents(of: path))
    for (name, rows, tid, place) in [
      ("2D_aggregates.npy", 7583, 345_886, (18.8410016292, -95.2085139523, Double?.none)),
      ("3D_aggregates.npy", 12_219, 278_364, (12.2638459795, -23.8202044684, -244.1858459467)),
    ] {
      let member = try #require(archive[name])
      let table = try Tables.read(
        folder.write(archive.read(member), to: name), options: TableOptions(pixelSize: 100))
      #expect(table.count == rows && table.frame.last == tid)
      #expect(abs(try #require(table[.x]?.last) - place.0) < 1e-9)
      #expect(abs(try #require(table[.y]?.last) - place.1) < 1e-9)
      #expect((table[.z] == nil) == (place.2 == nil))
      if let z = place.2 { #expect(abs(try #require(table[.z]?.last) - z) < 1e-9) }
    }
  }

  @Test(.data("tables/locan/decode_dstorm_data_empty.h5")) func emptyDecodeTable() throws {
    let path = SharedData.path("tables/locan/decode_dstorm_data_empty.h5")
    #expect(try Tables.read(path).count == 0)
  }

  @Test func decodeText() throws {
    let folder = try TemporaryFolder()
    let text = """
      # DECODE EmitterSet
      # {"version": "0.10.0"}
      # {"xy_unit": "nm", "px_size": [100.0, 100.0]}
      x,y,z,phot,frame_ix,id,prob,bg,x_sig,y_sig,label
      150.0,-50.0,12.5,1000.0,0,-1,0.9,3.0,10.0,20.0,
      250.0,50.0,2.5,900.0,7,-1,0.8,2.0,,20.0,

      """
    let table = try Tables.read(folder.write(text, to: "t.csv"))
    #expect(table.frame == [0, 7])
    #expect(table[.x] == [1.5, 2.5])
    #expect(table[.y] == [-0.5, 0.5])
    #expect(table[.z] == [12.5, 2.5])
    #expect(table[.photons] == [1000, 900])
    #expect(table[.probability] == [0.9, 0.8])
    #expect(table[.yError] == [0.2, 0.2])
    #expect(table[.xError]?[0] == 0.1)
    #expect(table[.xError]?[1].isNaN == true)
  }

  @Test func challengeFolderTakesFramesFromNames() throws {
    let folder = try TemporaryFolder()
    let header = "Ground-truth,frame,xnano,ynano,znano,intensity \n"
    _ = try folder.write(header + "    1,  1, 150.0, 50.0, 5.0, 900.0 \n", to: "frame_00010.csv")
    _ = try folder.write(header, to: "frame_00011.csv")
    _ = try folder.write(header + "1, 1, 250, 50, 5, 900\n", to: "frame_00002.csv")
    _ = try folder.write("nothing", to: "notes.txt")
    let table = try Tables.read(folder.path, options: TableOptions(pixelSize: 100))
    #expect(table.frame == [1, 9])
    #expect(table[.x] == [2, 1])
    #expect(table[.z] == [5, 5])
  }

  @Test func whatIsNotReadIsNamed() throws {
    let folder = try TemporaryFolder()
    let cases: [(String, Data, String)] = [
      ("m.mat", Data("MATLAB 5.0 MAT-file, Platform".utf8), "an incomplete MATLAB header"),
      ("z.smlm", Data("PK\u{3}\u{4}....".utf8), "a truncated zip archive"),
      ("t.tif", Data([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0]), "a TIFF image"),
      ("b.bin", Data([1, 2, 0, 4]), "binary content of an unknown kind"),
      ("e.csv", Data(), "is damaged: it is empty"),
      ("r.txt", Data("# <localizations a=\"1\"><localizations>\n".utf8), "tracks"),
      ("s.txt", Data("# <localizations a=\"1\"></localizations>\n1 2\n".utf8), "no column"),
    ]
    for (name, data, expected) in cases {
      let path = try folder.write(data, to: name)
      let complaint = words { try Tables.read(path) }
      #expect(complaint.contains(expected), "\(name): \(complaint)")
    }
    #expect(words { try Tables.read(folder.file("absent.csv")) }.contains("no such file"))
    #expect(words { try Tables.read("/dev/null") }.contains("it is a device and not a file"))
    #expect(words { try Tables.read(folder.path) }.contains("without numbered .csv files"))
  }

  @Test func insight3PromisesAreChecked() throws {
    let folder = try TemporaryFolder()
    var data = Data("M425".utf8)
    for value in [Int32(1), 6, 2] { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
    data += Data(count: 72 + 71)
    let path = try folder.write(data, to: "t.bin")
    #expect(words { try Tables.read(path) }.contains("states 2 molecules, the file contains 1"))
    #expect(words { try Tables.read(folder.write(data.prefix(9), to: "s.bin")) }.contains("header"))
  }
}
