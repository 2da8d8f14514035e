import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

@Suite struct CameraFileTests {
  private func complaint(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return ""
    } catch {
      #expect(error is CameraFileError, "\(error)")
      return "\(error)"
    }
  }

  @Test(arguments: [
    #"{"offset": 100, "gain": 2.17, "em_gain": 1, "qe": 0.8, "read_noise": 1.6}"#,
    "offset: 100\ngain: 2.17\nqe: 0.8\nread_noise: 1.6\n",
  ])
  func scalars(text: String) throws {
    let folder = try TemporaryFolder()
    let (camera, maps) = try CameraFiles.read(folder.write(text, to: "c.txt"))
    #expect(camera == Camera(offset: 100, gain: 2.17, quantumEfficiency: 0.8, readNoise: 1.6))
    #expect(maps == nil)
  }

  @Test func unsaidScalarsAreTheCallers() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("em_gain: 300\n", to: "c.yaml")
    let given = Camera(offset: 90, gain: 0.02, readNoise: 70)
    let camera = try CameraFiles.read(path, scalars: given).camera
    #expect(camera == Camera(offset: 90, gain: 0.02, emGain: 300, readNoise: 70))
  }

  @Test(arguments: [
    ("offset: 100\ngian: 2\n", "unknown key gian\nhint: the known keys are offset, gain"),
    ("offset: many\n", "offset \"many\" is not a number"),
    ("gain: -2\n", "gain -2 ADU/e⁻ must be in 1e-06...1000000"),
    ("gain: .nan\n", "gain \".nan\" is not a number"),
    ("- 1\n- 2\n", "text without keys"), ("{a: [", "neither YAML nor JSON"), ("", "it is empty"),
  ])
  func badText(text: String, words: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "c.yaml")
    let complaint = complaint { try CameraFiles.read(path) }
    #expect(complaint.contains(words), "\(complaint)")
    #expect(complaint.contains(path))
  }

  /// An array of 3 × 2 × 4 values (map, row, column) as numpy writes it.
  private func numpy(
    _ values: [Double], shape: String = "(3, 2, 4)", type: String = "<f8", fortran: String = "False"
  ) -> Data {
    var header = "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }"
    header += String(repeating: " ", count: 127 - 10 - header.utf8.count) + "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
    data += Data([UInt8(header.utf8.count), 0]) + Data(header.utf8)
    for value in values {
      let bits = type.hasPrefix(">") ? value.bitPattern.bigEndian : value.bitPattern.littleEndian
      withUnsafeBytes(of: bits) { data += $0 }
    }
    return data
  }

  private let values = (0..<24).map { Double($0) + 0.5 }

  @Test func numpyMaps() throws {
    let folder = try TemporaryFolder()
    for type in ["<f8", ">f8"] {
      let path = try folder.write(numpy(values, type: type), to: "c.npy")
      let maps = try #require(try CameraFiles.read(path).maps)
      #expect((maps.width, maps.height) == (4, 2))
      #expect(maps.offset == (0..<8).map { Float($0) + 0.5 })
      #expect(maps.variance == (8..<16).map { Float($0) + 0.5 })
      #expect(maps.gain == (16..<24).map { Float($0) + 0.5 })
    }
    // In Fortran order the first index, the map, runs fastest.
    let path = try folder.write(numpy(values, fortran: "True"), to: "f.npy")
    let maps = try #require(try CameraFiles.read(path).maps)
    #expect(maps.offset == [0, 6, 12, 18, 3, 9, 15, 21].map { $0 + 0.5 })
    #expect(maps.gain[7] == 23.5)
  }

  @Test func badNumpy() throws {
    let folder = try TemporaryFolder()
    func words(_ data: Data) throws -> String {
      let path = try folder.write(data, to: "c.npy")
      return complaint { try CameraFiles.read(path) }
    }
    #expect(try words(numpy(values).dropLast()).contains("needs 192 bytes, it holds 191"))
    #expect(try words(numpy(values).prefix(40)).contains("header is cut off"))
    #expect(try words(numpy(values, shape: "(24,)")).contains("array of shape [24]"))
    #expect(try words(numpy(values, shape: "(3, 0, 4)")).contains("its shape is"))
    #expect(try words(numpy(values, type: "<c16")).contains("array of the type <c16"))
    let pickled = try words(numpy(values, type: "|O"))
    #expect(pickled.contains("so it is refused\nhint: convert it with python3"))
    var odd = values
    odd[5] = .nan
    #expect(try words(numpy(odd)).contains("pixel (1, 1): offset nan is not"))
    odd = values
    odd[11] = -1
    #expect(try words(numpy(odd)).contains("pixel (3, 0): variance -1.0 ADU² must be"))
    odd = values
    odd[16] = 0
    #expect(try words(numpy(odd)).contains("pixel (0, 0): gain 0.0 ADU/e⁻ must be"))
  }

  @Test(.data("camera/scmos_storm/calib.npy")) func sharedMaps() throws {
    let path = SharedData.path("camera/scmos_storm/calib.npy")
    let maps = try #require(try CameraFiles.read(path).maps)
    #expect((maps.width, maps.height) == (256, 256))
    func mean(_ map: [Float]) -> Double { map.reduce(0.0) { $0 + Double($1) } / Double(map.count) }
    #expect(abs(mean(maps.offset) - 90.4) < 0.1)
    #expect(abs(mean(maps.variance) - 13.6) < 0.1)
    #expect(abs(mean(maps.gain) - 2.11) < 0.01)
    #expect(abs(maps.variance.max()! - 1962) < 1)
  }

  @Test(.python("h5py", "numpy")) func picassoMaps() throws {
    let folder = try TemporaryFolder()
    func script(_ name: String, gain: Bool, rows: Int = 2) -> String {
      """
      import h5py, numpy
      f = h5py.File("\(folder.file(name))", "w")
      f["offset"] = numpy.arange(8, dtype="f4").reshape(2, 4) + 100
      f["variance"] = numpy.arange(\(rows * 4), dtype="f4").reshape(\(rows), 4) / 2
      \(gain ? "f['gain'] = numpy.full((2, 4), 2.5, 'f4')" : "pass")
      f.close()
      """
    }
    _ = try Python.run(script("a.hdf5", gain: true))
    let maps = try #require(try CameraFiles.read(folder.file("a.hdf5")).maps)
    #expect((maps.width, maps.height) == (4, 2))
    #expect(maps.offset[5] == 105)
    #expect(maps.variance[7] == 3.5)
    #expect(maps.gain == Array(repeating: 2.5, count: 8))
    _ = try Python.run(script("b.hdf5", gain: false))
    let given = Camera(gain: 1.75)
    let other = try #require(try CameraFiles.read(folder.file("b.hdf5"), scalars: given).maps)
    #expect(other.gain == Array(repeating: 1.75, count: 8))
    _ = try Python.run(script("c.hdf5", gain: false, rows: 3))
    #expect(complaint { try CameraFiles.read(folder.file("c.hdf5")) }.contains("differ in size"))
  }

  @Test func writtenMapsComeBack() throws {
    let folder = try TemporaryFolder()
    let values = (1...6).map { Float($0) / 3 }
    let maps = CameraMaps(
      width: 3, height: 2, offset: values, variance: values.reversed(), gain: values)
    try CameraFiles.write(maps, to: folder.file("m.hdf5"))
    #expect(try CameraFiles.read(folder.file("m.hdf5")).maps == maps)
    #expect(throws: OutputError.exists(path: folder.file("m.hdf5"))) {
      try CameraFiles.write(maps, to: folder.file("m.hdf5"))
    }
  }

  private static func maps(_ start: Float) -> CameraMaps {
    CameraMaps(
      width: 2, height: 3, offset: (0..<6).map { start + Float($0) },
      variance: (0..<6).map { start + 10 + Float($0) }, gain: Array(repeating: start, count: 6))
  }

  /// Longer than the limit for texts inside an attribute.
  private static let longNotes =
    #"{"note": ""# + String(repeating: "x", count: 100_000) + #""}"#

  @Test func errorsAndNotesTravelWithTheMaps() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.hdf5")
    try CameraFiles.write(
      Self.maps(1), errors: Self.maps(2), metadata: Self.longNotes, to: path)
    #expect(try CameraFiles.read(path).maps == Self.maps(1))
    #expect(try CameraFiles.errors(of: path) == Self.maps(2))
    try CameraFiles.write(Self.maps(1), to: folder.file("bare.hdf5"))
    #expect(try CameraFiles.errors(of: folder.file("bare.hdf5")) == nil)
    #expect(try CameraFiles.errors(of: folder.write(numpy(values), to: "c.npy")) == nil)
  }

  @Test(.python("h5py")) func h5pyReadsErrorsAndNotes() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.hdf5")
    try CameraFiles.write(
      Self.maps(1), errors: Self.maps(2), metadata: Self.longNotes, to: path)
    let text = try Python.run(
      """
      import h5py, json
      with h5py.File("\(path)") as f:
        print(len(json.loads(f.attrs["metadata"])["note"]), f["variance_error"][2, 1])
      """)
    #expect(text.hasPrefix("100000 17.0"))
  }

  @Test func theRecordedPartOfTheSensorIsFound() {
    func region(_ metadata: [String: String], width: Int = 30, height: Int = 20) -> PixelRegion? {
      MovieInfo(
        width: width, height: height, frames: 1, pixel: .uint16, format: "", storage: "",
        metadata: metadata
      ).sensorRegion
    }
    let expected = PixelRegion(x: 5, y: 7, width: 30, height: 20)
    for text in [
      #"{"Height":20,"ROI":[5,7,30,20],"Width":30}"#, #"{"ROI": "5-7-30-20"}"#,
      "{\"ROI\": [\n 5, 7,\n 30, 20 ]}",
    ] { #expect(region(["Micro-Manager summary": text]) == expected, "\(text)") }
    let ends = ["x_start": "6", "x_end": "35", "y_start": "8", "y_end": "27"]
    #expect(region(ends) == expected)
    // Another size, as with binning, or no numbers: no region is assumed.
    #expect(region(ends, width: 15) == nil)
    for text in [
      #"{"ROI":[0,0,30,20]}"#, #"{"ROI":[5,7,30]}"#, #"{"ROI":[-5,7,30,20]}"#, #"{"ROI":{}}"#,
      #"{"ROI":"#, "",
      #"{"ROI":[99999999999999999999,7,30,20]}"#,
    ] { #expect(region(["Micro-Manager summary": text]) == nil, "\(text)") }
    #expect(region(["x_start": "6", "x_end": "35", "y_start": "8"]) == nil)
    #expect(region(["x_start": "-9223372036854775808"].merging(ends) { a, _ in a }) == nil)
  }

  @Test func anHDF5TableIsNoCamera() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 1), to: folder.file("t.hdf5"))
    let complaint = complaint { try CameraFiles.read(folder.file("t.hdf5")) }
    #expect(complaint.contains("without offset and variance (locs, metadata)"))
  }

  @Test(.python("numpy", "tifffile")) func tiffMaps() throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, _ pages: Int, _ type: String) throws {
      _ = try Python.run(
        """
        import numpy, tifffile
        with tifffile.TiffWriter("\(folder.file(name))") as t:
          for k in range(\(pages)):
            t.write((numpy.arange(8).reshape(2, 4) + 10 * k + 1).astype("\(type)"), metadata=None)
        """)
    }
    for type in ["f4", "f8", "u2", "u1", "u4"] {
      try write("\(type).tif", 3, type)
      let maps = try #require(try CameraFiles.read(folder.file("\(type).tif")).maps)
      #expect((maps.width, maps.height) == (4, 2))
      #expect(maps.offset == (1...8).map(Float.init))
      #expect(maps.variance == (11...18).map(Float.init))
      #expect(maps.gain == (21...28).map(Float.init))
    }
    try write("two.tif", 2, "f4")
    #expect(complaint { try CameraFiles.read(folder.file("two.tif")) }.contains("of 2 pages"))
  }

  @Test func noFile() {
    #expect(complaint { try CameraFiles.read("/nowhere/c.npy") }.contains("no such file"))
    #expect(complaint { try CameraFiles.read("/dev") }.contains("it is a folder, not a file"))
  }
}
