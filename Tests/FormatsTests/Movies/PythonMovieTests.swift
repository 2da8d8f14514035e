import Formats
import Foundation
import Microscopy
import Testing

/// tifffile as an independent reader and writer; skipped where Python or tifffile is absent.
@Suite struct PythonMovieTests {
  /// Runs a script with arguments; nil with one line where it cannot run at all.
  private func python(_ script: String, _ arguments: [String]) throws -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let name = ProcessInfo.processInfo.environment["GLINT_PYTHON"] ?? "python3"
    process.arguments =
      [
        name, "-c",
        "try:\n import tifffile, numpy as np\nexcept Exception: print('absent'); exit()\n"
          + "import sys\na = sys.argv[1:]\n" + script,
      ] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = Pipe()
    do { try process.run() } catch {
      print("skipped: no \(name)")
      return nil
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if text.hasPrefix("absent") || process.terminationStatus == 127 {
      print("skipped: \(name) has no tifffile (GLINT_PYTHON names another)")
      return nil
    }
    #expect(process.terminationStatus == 0)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func tifffileReadsWhatGlintWrites() throws {
    let folder = try TemporaryFolder()
    for (big, order) in [(false, false), (false, true), (true, false), (true, true)] {
      let pixels = testPixels(13 * 17 * 5)
      let path = folder.file("w.tif")
      let writer = try TIFFMovieWriter(
        path: path, width: 13, height: 17, bigTIFF: big, bigEndian: order, pixelSize: 125)
      try writer.append(pixels)
      try writer.finish()
      let script = """
        t = tifffile.TiffFile(a[0])
        x = t.asarray()
        pages = np.stack([p.asarray() for p in t.pages])
        r = t.pages[0].tags['XResolution'].value
        print(x.shape, x.dtype, int((x.ravel() * np.arange(1, x.size + 1)).sum()),
              bool((pages == x).all()), t.is_bigtiff, t.byteorder, t.is_imagej, r[0] / r[1])
        """
      guard let answer = try python(script, [path]) else { return }
      let sum = pixels.enumerated().reduce(0) { $0 + ($1.offset + 1) * Int($1.element) }
      #expect(
        answer == "(5, 17, 13) \(order ? ">" : "")uint16 \(sum) True \(big ? "True" : "False") "
          + "\(order ? ">" : "<") True 8.0"
          || answer == "(5, 17, 13) uint16 \(sum) True \(big ? "True" : "False") "
            + "\(order ? ">" : "<") True 8.0",
        "\(answer)")
    }
  }

  @Test func glintReadsWhatTifffileWrites() throws {
    let folder = try TemporaryFolder()
    let script = """
      x = (np.arange(6 * 33 * 21) * 7919 % 65536).astype('u2').reshape(6, 33, 21)
      d = a[0] + '/'
      tifffile.imwrite(d + 'plain.tif', x, photometric='minisblack', metadata=None)
      tifffile.imwrite(d + 'shaped.tif', x, photometric='minisblack')
      tifffile.imwrite(d + 'imagej.tif', x, imagej=True, resolution=(10, 10), metadata={'unit': 'um'})
      tifffile.imwrite(d + 'big.tif', x, bigtiff=True, byteorder='>', photometric='minisblack')
      tifffile.imwrite(d + 'tiles.tif', x, tile=(16, 16), compression='zlib', photometric='minisblack')
      tifffile.imwrite(d + 'strips.tif', x, rowsperstrip=4, predictor=True, compression='zlib',
                       photometric='minisblack')
      tifffile.imwrite(d + 'float.tif', x.astype('f4') / 8, predictor=True, compression='zlib',
                       byteorder='>', photometric='minisblack')
      tifffile.imwrite(d + 'ome.ome.tif', x, photometric='minisblack',
                       metadata={'axes': 'TYX', 'PhysicalSizeX': 0.1, 'PhysicalSizeXUnit': 'µm'})
      """
    guard try python(script, [folder.path]) != nil else { return }
    let expected = (0..<(6 * 33 * 21)).map { Double($0 * 7919 % 65536) }
    #expect(try Movies.open(folder.file("float.tif")).allPixels() == expected.map { $0 / 8 })
    for name in ["plain", "shaped", "imagej", "big", "tiles", "strips", "ome.ome"] {
      let movie = try Movies.open(folder.file("\(name).tif"))
      #expect(movie.info.frames == 6 && movie.info.width == 21 && movie.info.height == 33)
      #expect(try movie.allPixels() == expected, "\(name)")
      #expect(movie.info.notes.isEmpty, "\(name): \(movie.info.notes)")
      #expect(movie.info.pixelSize == (name == "imagej" || name == "ome.ome" ? 100 : nil))
    }
  }
}
