import CZlib
import Compute
import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// An asymmetric spline in which every coefficient can be identified: cell (i, j, k) has its own
/// cubic.
func sampleSpline(columns: Int = 6, rows: Int = 6, planes: Int = 5, seed: UInt64 = 3) -> SplinePSF {
  var random = SampleGenerator(seed: seed)
  let coefficients = (0..<columns * rows * planes * 64).map { place in
    // Multiples of 1/1024, so that reversing planes is exact.
    Float(Int.random(in: place % 64 == 0 ? 1...200 : -100...100, using: &random)) / 1024
  }
  return SplinePSF(
    columns: columns, rows: rows, planes: planes, coefficients: coefficients, zStep: 50,
    firstZ: -120, centreX: Double(columns) / 2, centreY: Double(rows) / 2, zRange: -100...100,
    starts: [-60, 60], pixelSize: 110,
    axial: AxialConvention(direction: .molecule, origin: "a test's origin", indexFactor: 1))
}

/// The value of a spline at a position in knots, directly from its definition.
func value(_ psf: SplinePSF, x: Double, y: Double, z: Double) -> Double {
  let plane = (z - psf.firstZ) / psf.zStep
  func cell(_ place: Double, _ count: Int) -> (Int, Double) {
    let index = min(max(Int(place.rounded(.down)), 0), count - 1)
    return (index, place - Double(index))
  }
  let (i, dx) = cell(x, psf.columns)
  let (j, dy) = cell(y, psf.rows)
  let (k, dz) = cell(plane, psf.planes)
  let first = ((k * psf.rows + j) * psf.columns + i) * 64
  return (0..<64).reduce(0.0) { sum, term in
    sum + Double(psf.coefficients[first + term]) * pow(dz, Double(term / 16))
      * pow(dy, Double(term / 4 % 4)) * pow(dx, Double(term % 4))
  }
}

@Suite struct CalibrationFileTests {
  private static let effort = Int(ProcessInfo.processInfo.environment["GLINT_FUZZ"] ?? "") ?? 1

  private func complaint(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return ""
    } catch {
      #expect(error is CalibrationFileError, "\(error)")
      return "\(error)"
    }
  }

  private func spline(_ path: String) throws -> SplinePSF {
    guard case .spline(let psf) = try CalibrationFiles.read(path) else {
      throw CalibrationFileError.unknownKind(path: path, found: "no spline")
    }
    return psf
  }

  @Test(arguments: ["psf.hdf5", "psf.h5"], [1.0, 0.75])
  func splinesComeBack(name: String, factor: Double) throws {
    let folder = try TemporaryFolder()
    var psf = sampleSpline()
    psf.axial.indexFactor = factor
    try CalibrationFiles.write(.spline(psf), to: folder.file(name))
    let back = try spline(folder.file(name))
    #expect(back.coefficients == psf.coefficients)
    #expect(abs(back.firstZ - psf.firstZ) < 1e-9)
    #expect(back.zStep == psf.zStep)
    #expect(back.zRange == psf.zRange)
    #expect(back.starts == psf.starts)
    #expect(back.pixelSize == 110)
    #expect(back.axial == psf.axial)
    #expect((back.centreX, back.centreY) == (psf.centreX, psf.centreY))
    #expect(throws: OutputError.exists(path: folder.file(name))) {
      try CalibrationFiles.write(.spline(psf), to: folder.file(name))
    }
  }

  @Test func astigmaticComesBack() throws {
    let folder = try TemporaryFolder()
    let psf = AstigmaticPSF(
      x: .defocus(width: 1.2, focus: -150, depth: 380, terms: [0.1, 0.05]),
      y: .defocus(width: 1.1, focus: 160, depth: 360, terms: [-0.1, 0.02]), zRange: -500...520,
      pixelSize: 108, axial: AxialConvention(origin: "a crossing", indexFactor: 0.8))
    try CalibrationFiles.write(.astigmatic(psf), to: folder.file("a.yaml"))
    #expect(try CalibrationFiles.read(folder.file("a.yaml")) == .astigmatic(psf))
    // Picasso's view of it: the polynomials, within a hundredth of the curves.
    var text = try String(contentsOfFile: folder.file("a.yaml"), encoding: .utf8)
    text = String(text.prefix(upTo: text.range(of: "Glint:")!.lowerBound))
    let plain = try folder.write(text, to: "b.yaml")
    guard case .astigmatic(let polynomial) = try CalibrationFiles.read(plain) else {
      Issue.record("not astigmatic")
      return
    }
    for z in stride(from: -450.0, through: 450, by: 50) {
      #expect(abs(polynomial.x.width(at: z) / psf.x.width(at: z) - 1) < 0.01)
      #expect(abs(polynomial.y.width(at: z) / psf.y.width(at: z) - 1) < 0.01)
    }
    #expect(polynomial.axial.indexFactor == 0.8)
    #expect(abs(polynomial.zRange.upperBound - 515) < 10)
  }

  /// Highest power first in the file, lowest first inside.
  @Test func picassoPolynomials() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      Frame bounds: null
      Magnification factor: 0.79
      Number of frames: 101
      Path: somewhere
      Step size in nm: 10.0
      X Coefficients: [0.0, 0.0, 0.0, 0.0, 4.0e-06, 1.0e-03, 1.3]
      Y Coefficients: [0.0, 0.0, 0.0, 0.0, 4.0e-06, -1.0e-03, 1.3]
      """, to: "c.yaml")
    guard case .astigmatic(let psf) = try CalibrationFiles.read(path) else {
      Issue.record("not astigmatic")
      return
    }
    #expect(psf.x == .polynomial([1.3, 1e-3, 4e-6, 0, 0, 0, 0]))
    #expect(abs(psf.x.width(at: 200) - 1.66) < 1e-9)
    #expect(abs(psf.y.width(at: 200) - 1.26) < 1e-9)
    #expect(psf.zRange == -505...505)
    #expect(psf.axial.indexFactor == 0.79)
    #expect(psf.axial.direction == .molecule)
  }

  @Test(arguments: [
    ("X Coefficients: [1, 2]\n", "X Coefficients are not seven numbers"),
    (
      "X Coefficients: [0,0,0,0,.nan,0,1]\nY Coefficients: [0,0,0,0,0,0,1]\n",
      "number 5 of X Coefficients, \".nan\", is not a number"
    ),
    (
      "X Coefficients: [0,0,0,0,0,0,-1]\nY Coefficients: [0,0,0,0,0,0,1]\n",
      "is empty or not finite"
    ),
    ("a: 1\n", "text without X Coefficients"), ("{a: [", "it is not YAML"), ("", "it is empty"),
    ("X Coefficients: 3\nGlint: {x: 1}\n", "the content under Glint is not a PSF"),
  ])
  func badYAML(text: String, words: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "c.yaml")
    let complaint = complaint { try CalibrationFiles.read(path) }
    #expect(complaint.contains(words), "\(complaint)")
    #expect(complaint.contains(path))
  }

  @Test func outputsThatCannotBe() throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline()
    func words(_ psf: CalibratedPSF, _ name: String) -> String {
      complaint { try CalibrationFiles.write(psf, to: folder.file(name)) }
    }
    #expect(words(.spline(psf), "a.yaml").contains("YAML cannot hold a spline"))
    #expect(
      words(.spline(psf), "a.csv").contains("does not match a calibration format\nhint: .yaml"))
    #expect(words(.spline(sampleSpline(rows: 7)), "a.hdf5").contains("square, this one is 6×7"))
    var odd = psf
    odd.coefficients[64 * 7 + 5] = .nan
    #expect(
      words(.spline(odd), "a.hdf5").contains(
        "coefficient 5 of cell (x, y, z) = (1, 1, 0) is not a finite number"))
    #expect(folder.contents.isEmpty)
  }

  @Test func noFile() {
    #expect(complaint { try CalibrationFiles.read("/nowhere/c.hdf5") }.contains("no such file"))
    #expect(complaint { try CalibrationFiles.read("/dev") }.contains("it is a folder, not a file"))
  }

  // MARK: SMAP

  /// A spline in the order of SMAP's coefficients: rows × columns × planes × 64, first index
  /// fastest, planes falling in z.
  private func smapCoefficients(_ psf: SplinePSF) -> [Float] {
    let (nx, ny, nz) = (psf.columns, psf.rows, psf.planes)
    var result = [Float](repeating: 0, count: psf.coefficients.count)
    for k in 0..<nz {
      for j in 0..<ny {
        for i in 0..<nx {
          // δz has the opposite direction: c(1 − t) by binomial expansion.
          let cell = ((nz - 1 - k) * ny + j) * nx + i
          for py in 0..<4 {
            for px in 0..<4 {
              let c = (0..<4).map { psf.coefficients[cell * 64 + 16 * $0 + 4 * py + px] }
              let turned = [
                c[0] + c[1] + c[2] + c[3], -(c[1] + 2 * c[2] + 3 * c[3]), c[2] + 3 * c[3], -c[3],
              ]
              for pz in 0..<4 {
                let term = 16 * pz + 4 * px + py
                result[j + ny * (i + nx * (k + nz * term))] = turned[pz]
              }
            }
          }
        }
      }
    }
    return result
  }

  private func smapFile(
    _ psf: SplinePSF, standalone: Bool = false, mirrored: Bool = false, channels: Int = 1,
    regions: Int = 1, bigEndian: Bool = false, compressed: Bool = false
  ) -> Data {
    let shape = [psf.rows, psf.columns, psf.planes, 64]
    let coefficients = MATFixture.Value.single(shape, smapCoefficients(psf))
    let cspline = MATFixture.Value.structure([
      ("coeff", .cells(Array(repeating: coefficients, count: channels))),
      ("dz", .numbers([1, 1], [psf.zStep])),
      ("z0", .numbers([1, 1], [psf.firstZ / psf.zStep + Double(psf.planes)])),
      ("global", .structure([("isglobal", .truth(false))])),
    ])
    let parameters = MATFixture.Value.structure([
      ("emmirror", .truth(mirrored)), ("note", .text("beads")),
    ])
    let fixture = MATFixture(bigEndian: bigEndian)
    if standalone {
      return fixture.file(
        [("parameters", parameters), ("cspline", cspline)], compressed: compressed)
    }
    let one = [MATFixture.Value.numbers([0, 0], []), cspline]
    return fixture.file(
      [
        ("junk", .numbers([2, 2], [1, 2, 3, 4])),
        (
          "SXY",
          .structures(
            regions, ["gausscal", "cspline"], Array(repeating: one, count: regions).flatMap { $0 })
        ), ("parameters", parameters),
      ], compressed: compressed)
  }

  @Test(arguments: [false, true], [false, true])
  func smapMAT(standalone: Bool, compressed: Bool) throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline(columns: 6, rows: 4, planes: 5)
    for bigEndian in [false, true] {
      let path = try folder.write(
        smapFile(psf, standalone: standalone, bigEndian: bigEndian, compressed: compressed),
        to: "a_3dcal.mat")
      let back = try spline(path)
      #expect((back.columns, back.rows, back.planes) == (6, 4, 5))
      #expect(back.coefficients == psf.coefficients)
      #expect(abs(back.firstZ - psf.firstZ) < 1e-9)
      #expect((back.centreX, back.centreY) == (3, 2))
      #expect(back.axial.direction == .molecule)
    }
  }

  /// The mirror: the image of mirrored beads is flipped back.
  @Test func smapMirror() throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline()
    let back = try spline(folder.write(smapFile(psf, mirrored: true), to: "m.mat"))
    for (x, y, z) in [(0.3, 2.7, -100.0), (5.6, 0.1, 60), (2.5, 5.9, 111)] {
      let expected = value(psf, x: 6 - x, y: y, z: z)
      #expect(abs(value(back, x: x, y: y, z: z) - expected) < 1e-4)
      #expect(abs(value(psf, x: x, y: y, z: z) - expected) > 1e-3)
    }
  }

  @Test func smapThatGlintCannotUse() throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline()
    func words(_ data: Data) throws -> String {
      let path = try folder.write(data, to: "m.mat")
      return complaint { try CalibrationFiles.read(path) }
    }
    #expect(try words(smapFile(psf, channels: 2)).contains("it holds 2 channels\nhint: "))
    #expect(try words(smapFile(psf, regions: 4)).contains("it holds 4 regions of the field\nhint"))
    let other = MATFixture().file([("x", .numbers([1, 1], [3]))])
    #expect(try words(other).contains("a MATLAB file without SXY.cspline"))
    #expect(try words(smapFile(psf).dropLast(1000)).contains("is damaged"))
    var odd = psf
    odd.coefficients[3] = .infinity
    #expect(try words(smapFile(odd)).contains("of cell (x, y, z) = (0, 0, 0) is not a finite"))
  }

  /// v7.3 as h5py writes it: indices in reverse, the cell a reference.
  @Test(.python("h5py", "numpy")) func smapHDF5() throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline(columns: 6, rows: 4, planes: 5)
    let raw = smapCoefficients(psf).withUnsafeBytes { Data($0) }
    _ = try folder.write(raw, to: "coeff.bin")
    let script = """
      import h5py, numpy
      c = numpy.fromfile("\(folder.file("coeff.bin"))", "f4").reshape(64, 5, 6, 4)
      f = h5py.File("\(folder.file("a.mat"))", "w", userblock_size=512)
      r = f.create_dataset("#refs#/a", data=c)
      s = f.create_dataset("SXY/cspline/coeff", (1, 1), dtype=h5py.ref_dtype)
      s[0, 0] = r.ref
      f["SXY/cspline/dz"] = numpy.array([[50.0]])
      f["SXY/cspline/z0"] = numpy.array([[\(psf.firstZ / psf.zStep + 5)]])
      f["parameters/emmirror"] = numpy.array([[0]], "u1")
      f.close()
      b = open("\(folder.file("a.mat"))", "r+b")
      b.write(b"MATLAB 7.3 MAT-file, Platform: test")
      """
    _ = try Python.run(script)
    let back = try spline(folder.file("a.mat"))
    #expect(back.coefficients == psf.coefficients)
    #expect(abs(back.firstZ - psf.firstZ) < 1e-9)
    // Damage, to the references as well.
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.mat")))
    for copy in damagedCopies(of: data, count: 200 * Self.effort, seed: 13) {
      readAnything(try folder.write(copy, to: "a.mat"))
    }
  }

  // MARK: other programs' own files

  /// h5py's attributes: a text of variable length, a truth value, numbers.
  @Test(.python("h5py", "numpy")) func smappyByPython() throws {
    let folder = try TemporaryFolder()
    let script = """
      import h5py, numpy, json
      c = numpy.zeros((64, 3, 4, 5), "f4")
      c[0] = 0.01
      c[1, 2, 1, 3] = 0.5   # px in plane 2, row 1, column 3
      c[16, 0, 3, 0] = 0.25 # pz in plane 0, row 3, column 0
      f = h5py.File("\(folder.file("s.h5"))", "w")
      f.attrs.update(format="smappy-spline-calibration", version=1,
        coefficient_order="64,z,y,x;16*pz+4*py+px", lateral_unit="pixel", axial_unit="nm",
        dz=20.0, z0=1.0, em_mirror=False)
      f.create_dataset("coeff", data=c, compression="gzip")
      f.create_dataset("parameters_json", data=json.dumps({"roi": 5}))
      f.close()
      """
    _ = try Python.run(script)
    let psf = try spline(folder.file("s.h5"))
    #expect((psf.columns, psf.rows, psf.planes) == (5, 4, 3))
    #expect(psf.firstZ == -40)
    #expect(psf.zStep == 20)
    // Plane 2 of the file is plane 0 here.
    #expect(psf.coefficients[(0 * 20 + 1 * 5 + 3) * 64 + 1] == 0.5)
    // δz reversed: 0.01 + 0.25 δ becomes 0.26 − 0.25 δ.
    #expect(abs(psf.coefficients[(2 * 20 + 3 * 5 + 0) * 64] - 0.26) < 1e-6)
    #expect(psf.coefficients[(2 * 20 + 3 * 5 + 0) * 64 + 16] == -0.25)
  }

  /// Picasso's bytes are in the order [z, y, x, 64] with shape (64, x, y, z); z decreases with the
  /// plane.
  @Test(.python("h5py", "numpy")) func picassoByPython() throws {
    let folder = try TemporaryFolder()
    let script = """
      import h5py, numpy, json
      c = numpy.zeros((3, 4, 4, 4, 4, 4), "f4") # z, y, x, zp, yp, xp
      c[..., 0, 0, 0] = 0.5
      c[2, 1, 3, 0, 0, 1] = 4.0
      f = h5py.File("\(folder.file("p.hdf5"))", "w")
      f.create_dataset("coefficients", data=c.reshape(64, 4, 4, 3))
      f.attrs["metadata"] = json.dumps(dict(model="spline-3d", z_center=1.5, z_init=1.0,
        z_step_nm=40.0, magnification_factor=0.5, photon_scale=8.0, pixelsize=130.0,
        oversampling=1.0))
      f.close()
      """
    _ = try Python.run(script)
    let psf = try spline(folder.file("p.hdf5"))
    #expect(psf.coefficients[(0 * 16 + 1 * 4 + 3) * 64] == 0.0625)
    #expect(psf.coefficients[(0 * 16 + 1 * 4 + 3) * 64 + 1] == 0.5)
    // Picasso: z = 0.5 · 40 (1 − plane) + 40 (1.5 − 1); plane 3 gives −20, and so must ours times
    // 0.5.
    #expect(abs(psf.firstZ * psf.axial.indexFactor + 20) < 1e-9)
    #expect(psf.pixelSize == 130)
  }

  @Test(.python("h5py", "numpy")) func picassoModelsThatGlintCannotUse() throws {
    let folder = try TemporaryFolder()
    func script(_ fields: String) -> String {
      """
      import h5py, numpy, json
      f = h5py.File("\(folder.file("p.hdf5"))", "w")
      f.create_dataset("coefficients", data=numpy.ones((64, 4, 4, 3), "f4"))
      f.attrs["metadata"] = json.dumps(dict(\(fields)))
      f.close()
      """
    }
    for (fields, words) in [
      ("model='spline-3d-multichannel'", "it holds the model spline-3d-multichannel\nhint: "),
      ("model='spline-3d', z_center=1", "z_step_nm in its metadata is not a number"),
      ("model='spline-3d', z_center=1, z_step_nm=-2", "z_step_nm -2.0"),
    ] {
      _ = try Python.run(script(fields))
      let complaint = complaint { try CalibrationFiles.read(folder.file("p.hdf5")) }
      #expect(complaint.contains(words), "\(complaint)")
    }
  }

  @Test func tablesAreNoCalibrations() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 1), to: folder.file("t.hdf5"))
    let complaint = complaint { try CalibrationFiles.read(folder.file("t.hdf5")) }
    #expect(complaint.contains("without spline coefficients (locs, metadata)"))
  }

  // MARK: damage

  @Test(arguments: ["a.yaml", "a.hdf5", "a.h5", "a.mat", "z.mat"])
  func damagedFiles(name: String) throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline(columns: 4, rows: 4, planes: 5)
    let path = folder.file(name)
    switch name {
    case "a.yaml":
      try CalibrationFiles.write(
        .astigmatic(
          AstigmaticPSF(
            x: .polynomial([1.3, 1e-3, 4e-6]), y: .polynomial([1.3, -1e-3, 4e-6]),
            zRange: -400...400)), to: path)
    case "a.mat": _ = try folder.write(smapFile(psf), to: name)
    case "z.mat": _ = try folder.write(smapFile(psf, compressed: true), to: name)
    default: try CalibrationFiles.write(.spline(psf), to: path)
    }
    _ = try CalibrationFiles.read(path)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    for copy in damagedCopies(of: data, count: 200 * Self.effort, seed: 11) {
      try copy.write(to: URL(fileURLWithPath: path))
      readAnything(path)
    }
  }

  /// Damage before compression, which passes the checksum: the reader alone must handle it.
  @Test func damageUnderCompression() throws {
    let folder = try TemporaryFolder()
    let psf = sampleSpline(columns: 4, rows: 4, planes: 3)
    let plain = smapFile(psf, standalone: true)
    for copy in damagedCopies(of: Data(plain.dropFirst(128)), count: 200 * Self.effort, seed: 12) {
      var size = compressBound(uLong(copy.count))
      var packed = [UInt8](repeating: 0, count: Int(size))
      _ = copy.withUnsafeBytes {
        compress(&packed, &size, $0.bindMemory(to: UInt8.self).baseAddress, uLong($0.count))
      }
      var data = plain.prefix(128)
      for word in [UInt32(15), UInt32(size)] {
        withUnsafeBytes(of: word.littleEndian) { data += $0 }
      }
      readAnything(try folder.write(data + Data(packed[..<Int(size)]), to: "d.mat"))
    }
  }

  private func readAnything(_ path: String) {
    do { _ = try CalibrationFiles.read(path) } catch {
      #expect(error is CalibrationFileError, "\(path): \(error)")
    }
  }
}
