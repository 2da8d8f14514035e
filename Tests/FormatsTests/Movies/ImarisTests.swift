import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Imaris files by Bitplane's own writer, by its documentation, and by h5py.
@Suite struct ImarisTests {
  @Test(.data("formats/written/storm_gzip2.ims")) func writtenByBitplane() throws {
    let movie = try Movies.open(SharedData.path("formats/written/storm_gzip2.ims"))
    let info = movie.info
    #expect(info.frames == 10 && info.width == 128 && info.height == 96 && info.format == "Imaris")
    #expect(info.pixelSize == 160 && info.axes == [] && info.notes == [])
    #expect(info.metadata["TimePoint1"] == "2023-11-14 22:13:20")
    #expect(info.metadata["TimePoint10"] == "2023-11-14 22:13:20.450")
    #expect(info.metadata["Channel 0 Name"] == "A647")
    let pixels = try movie.allPixels()
    #expect(pixels.prefix(3) == [144, 157, 149])
    let sums = (0..<10).map { pixels[($0 * 12288)..<($0 * 12288 + 12288)].reduce(0, +) }
    #expect(sums.prefix(5) == ZarrTests.sums[...] && sums.suffix(2) == [1_952_836, 1_928_292])
    #expect(try movie.pixels(9..<10).reduce(0, +) == 1_928_292)
  }

  @Test(.data("formats/ims/Minimal_IMS_File.ims")) func theMinimalFile() throws {
    let movie = try Movies.open(SharedData.path("formats/ims/Minimal_IMS_File.ims"))
    #expect(movie.info.frames == 1 && movie.info.width == 128 && movie.info.height == 128)
    #expect(movie.info.pixelSize == 54.688)
    let pixels = try movie.allPixels()
    #expect(pixels.prefix(3) == [88, 92, 80] && pixels.reduce(0, +) == 1_439_095)
  }

  /// Arguments: path, then points, channels, slices, height, width; type; filter; what is left out.
  /// Pixel i of the whole file is i · 37 mod 113; what pads a chunk is 99.
  private static let writer = """
    import sys, struct, h5py, numpy as np
    path, t, c, z, y, x, dtype, kind, drop = sys.argv[1:10]
    t, c, z, y, x = map(int, (t, c, z, y, x))
    chars = lambda s: np.array([ch.encode() for ch in s], "S1")
    lz4 = lambda b: struct.pack(">QI", len(b), 1 << 30) + struct.pack(">I", len(b)) + b
    data = (np.arange(t * c * z * y * x) * 37 % 113).astype(dtype).reshape(t, c, z, y, x)
    cz, cy, cx = min(z, 3), 8, 10
    pad = [-(-n // k) * k for n, k in zip((z, y, x), (cz, cy, cx))]
    with h5py.File(path, "w", libver=("earliest", "latest")) as f:
        f.attrs["ImarisDataSet"] = chars("ImarisDataSet")
        f.attrs["ImarisVersion"] = chars("5.5.0")
        image = f.create_group("DataSetInfo/Image").attrs
        for name, text in dict(X=str(x), Y=str(y), Z=str(z), ExtMin0="1.0", ExtMax0=str(1 + x * 0.1), Unit="um").items():
            image[name] = chars(text + "\\0")
        info = f.create_group("DataSetInfo/TimeInfo").attrs
        info["DatasetTimePoints"] = chars(str(t))
        for i in range(c):
            f.create_group(f"DataSetInfo/Channel {i}").attrs["Name"] = chars(f"dye {i}")
        for i in range(t):
            for j in range(c):
                if f"{i}/{j}" in drop.split(): continue
                g = f.create_group(f"DataSet/ResolutionLevel 0/TimePoint {i}/Channel {j}")
                if kind != "unsized":
                    for axis, n in (("X", x), ("Y", y), ("Z", z)):
                        g.attrs["ImageSize" + axis] = chars(str(n))
                whole = np.full(pad if kind != "unsized" else (z, y, x), 99, dtype)
                whole[:z, :y, :x] = data[i, j]
                if kind == "contiguous":
                    g.create_dataset("Data", data=whole)
                elif kind in ("plain", "gzip", "shuffle", "unsized"):
                    g.create_dataset("Data", data=whole, chunks=(cz, cy, cx),
                        compression="gzip" if kind in ("gzip", "shuffle") else None, shuffle=kind == "shuffle")
                else:
                    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                    p.set_chunk((cz, cy, cx))
                    p.set_filter(32004, h5py.h5z.FLAG_OPTIONAL, (0,))
                    d = h5py.h5d.create(g.id, b"Data", h5py.h5t.py_create(np.dtype(dtype), logical=True),
                        h5py.h5s.create_simple(tuple(pad)), p)
                    for a in range(0, pad[0], cz):
                        for b in range(0, pad[1], cy):
                            for e in range(0, pad[2], cx):
                                raw = np.ascontiguousarray(whole[a:a + cz, b:b + cy, e:e + cx]).tobytes()
                                d.write_direct_chunk((a, b, e), lz4(raw))
    """

  static func write(
    _ path: String, _ shape: [Int], type: String = "uint16", _ kind: String, drop: String = ""
  ) throws {
    _ = try Python.run(writer, [path] + shape.map(String.init) + [type, kind, drop])
  }

  private static func values(_ count: Int) -> [Double] { (0..<count).map { Double($0 * 37 % 113) } }

  @Test(
    .python("h5py", "numpy"),
    arguments: ["contiguous", "plain", "gzip", "shuffle", "unsized", "lz4"])
  func everyStorage(kind: String) throws {
    let folder = try TemporaryFolder()
    for type in ["uint8", "uint16", ">u2", "float32", "int16"] {
      let path = folder.file("\(kind)\(type.dropFirst()).ims")
      try Self.write(path, [12, 1, 1, 17, 23], type: type, kind)
      let movie = try Movies.open(path)
      #expect(movie.info.frames == 12 && movie.info.axes == [] && movie.info.notes == [])
      #expect(movie.info.pixelSize == 100)
      #expect(try movie.allPixels() == Self.values(12 * 17 * 23), "\(kind) \(type)")
      #expect(try movie.pixels(11..<12) == Array(Self.values(12 * 17 * 23)[11 * 391..<12 * 391]))
    }
  }

  @Test(.python("h5py", "numpy")) func channelsAndSlices() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.ims")
    try Self.write(path, [3, 2, 5, 9, 11], "gzip")
    let all = try Movies.openAll(path)
    #expect(
      all.info.axes == [
        AxisExtent(.time, 3), AxisExtent(.channel, 2, names: ["dye 0", "dye 1"]),
        AxisExtent(.slice, 5),
      ])
    #expect(try all.allPixels() == Self.values(3 * 2 * 5 * 99))
    #expect(try movieError(path)?.kind == .choice)
    let chosen = try Movies.open(
      path, options: MovieOptions(planes: [.channel: .named("dye 1"), .slice: .number(5)]))
    #expect(
      try chosen.pixels(1..<2)
        == Array(Self.values(2970)[((1 * 2 + 1) * 5 + 4) * 99..<((1 * 2 + 1) * 5 + 5) * 99]))
  }

  @Test(.python("h5py", "numpy")) func whatIsMissing() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.ims")
    try Self.write(path, [6, 1, 1, 9, 11], "gzip", drop: "3/0")
    try expectTruncated(path, frames: 3, "time point 3 is missing, but time point 4 exists")
    try Self.write(path, [6, 2, 1, 9, 11], "gzip", drop: "5/1")
    let error = try movieError(path)
    #expect(error?.kind == .choice)
    let movie = try Movies.open(
      path, options: MovieOptions(acceptsTruncated: true, planes: [.channel: .number(2)]))
    #expect(movie.info.frames == 5)
    try Self.write(path, [6, 1, 1, 9, 11], "gzip", drop: "4/0 5/0")
    let short = try Movies.open(path)
    #expect(short.info.notes == ["the header states 6 time points, the file contains 4"])
    try Self.write(path, [1, 1, 1, 9, 11], "gzip", drop: "0/0")
    #expect(try movieError(path)?.kind == .noFrames)
    // A table is no movie.
    _ = try Python.run(
      "import h5py, sys; h5py.File(sys.argv[1], 'w')['locs'] = [1, 2]", [folder.file("t.hdf5")])
    #expect(try movieError(folder.file("t.hdf5"))?.kind == .unknown)
    // A file that was not copied to its end.
    try Self.write(path, [6, 1, 1, 9, 11], "gzip")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    _ = try folder.write(bytes.dropLast(100), to: "a.ims")
    #expect(try movieError(path)?.what.contains("truncated") == true)
  }
}
