import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// How fast files of chunks and of frames with metadata are read, beside the bytes alone; only in
/// long runs, on a machine that does nothing else.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["GLINT_RATES"] != nil))
struct MovieRateTests {
  private static let side = 1024
  private static let frames = 192

  /// Seconds of the best of three readings, sixteen frames at a time.
  private func best(_ movie: any Movie) throws -> Double {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: 16 * movie.info.frameBytes, alignment: 64)
    defer { buffer.deallocate() }
    let clock = ContinuousClock()
    return try (0..<3).map { _ in
      let start = clock.now
      for first in stride(from: 0, to: movie.info.frames, by: 16) {
        try movie.read(first..<min(first + 16, movie.info.frames), into: buffer)
      }
      return (clock.now - start) / .seconds(1)
    }.min()!
  }

  /// The bytes of a file alone, by blocks of 32 MB.
  private func best(bytes path: String) throws -> Double {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 25, alignment: 64)
    defer { buffer.deallocate() }
    let clock = ContinuousClock()
    let descriptor = Foundation.open(path, O_RDONLY)
    defer { close(descriptor) }
    return (0..<3).map { _ in
      let start = clock.now
      var offset = 0
      while case let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)),
        count > 0
      { offset += count }
      return (clock.now - start) / .seconds(1)
    }.min()!
  }

  @Test(.python("h5py", "numpy")) func uncompressed() throws {
    let folder = try TemporaryFolder()
    let (side, frames) = (Self.side, Self.frames)
    let total = side * side * 2 * frames
    let script = """
      import sys, os, h5py, numpy as np
      folder, side, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
      a = np.random.default_rng(1).integers(0, 4000, (side, side)).astype("u2")
      open(folder + "/flat", "wb").write(a.tobytes() * n)
      meta = '{"zarr_format":2,"shape":[%d,%d,%d],"chunks":[%d,%d,%d],"dtype":"<u2","compressor":null,"filters":null,"order":"C","fill_value":0}'
      for name, t, s in (("frames", 1, side), ("tiles", 1, side // 4), ("deep", 16, side)):
          os.makedirs(f"{folder}/{name}.zarr")
          open(f"{folder}/{name}.zarr/.zarray", "w").write(meta % (n, side, side, t, s, s))
          for i in range(0, n, t):
              for y in range(0, side, s):
                  for x in range(0, side, s):
                      open(f"{folder}/{name}.zarr/{i // t}.{y // s}.{x // s}", "wb").write(
                          np.ascontiguousarray(a[y:y + s, x:x + s]).tobytes() * t)
      with h5py.File(folder + "/a.ims", "w") as f:
          f.attrs["ImarisDataSet"] = "ImarisDataSet"
          for i in range(n):
              f.create_dataset(f"DataSet/ResolutionLevel 0/TimePoint {i}/Channel 0/Data", data=a[None],
                  chunks=(1, side // 4, side // 4))
      """
    _ = try Python.run(script, [folder.path, "\(side)", "\(frames)"])
    let flat = try best(bytes: folder.file("flat"))
    let pixels = [Float](repeating: 1, count: side * side * frames / 2)
    _ = try folder.write(
      AndorTests.sif(width: side, height: side, frames: frames / 2, pixels: pixels), to: "a.sif")
    let plane = [UInt8](repeating: 7, count: 2 * side * side)
    var nd2 = ND2File(width: side, height: side, rowBytes: 2 * side)
    nd2.frames = Array(repeating: plane, count: frames)
    nd2.nameBytes = 4072
    _ = try folder.write(nd2.bytes, to: "a.nd2")
    var czi = CZIFile()
    czi.planes = (0..<frames).map {
      CZIFile.Plane(dimensions: ["T": $0], size: (side, side), data: plane)
    }
    _ = try folder.write(czi.bytes, to: "a.czi")
    for name in ["frames.zarr", "tiles.zarr", "deep.zarr", "a.ims", "a.sif", "a.nd2", "a.czi"] {
      let seconds = try best(Movies.open(folder.file(name)))
      print(
        "\(name): \(Int(Double(total) / seconds / 1e6)) MB/s, "
          + "\((100 * flat / seconds).rounded()) % of \(Int(Double(total) / flat / 1e6)) MB/s")
    }
  }

  /// Files of 10 GB without contents: the time to open one and to read a frame in the middle.
  @Test(.python("h5py", "numpy")) func firstFrameOfALargeFile() throws {
    let folder = try TemporaryFolder()
    let script = """
      import sys, h5py, numpy as np
      folder = sys.argv[1]
      for name, side, n in (("large.ims", 1024, 5000), ("many.ims", 256, 76000)):
          with h5py.File(folder + "/" + name, "w") as f:
              f.attrs["ImarisDataSet"] = "ImarisDataSet"
              p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
              p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
              p.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
              space = h5py.h5s.create_simple((1, side, side))
              for i in range(n):
                  g = f.create_group(f"DataSet/ResolutionLevel 0/TimePoint {i}/Channel 0")
                  h5py.h5d.create(g.id, b"Data", h5py.h5t.STD_U16LE, space, p)
      """
    _ = try Python.run(script, [folder.path])
    let clock = ContinuousClock()
    for name in ["large.ims", "many.ims"] {
      let start = clock.now
      let movie = try Movies.open(folder.file(name))
      let opened = clock.now - start
      let middle = movie.info.frames / 2
      _ = try movie.pixels(middle..<middle + 1)
      print(
        "\(name): \(movie.info.frames) frames, open \(opened), with a frame \(clock.now - start)")
    }
  }
}
