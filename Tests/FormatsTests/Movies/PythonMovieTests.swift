import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// tifffile as an independent reader and writer.
@Suite(.python("tifffile", "numpy")) struct PythonMovieTests {
  /// The output of a script with its arguments in `a`.
  private func answer(_ script: String, _ arguments: [String]) throws -> String {
    try Python.run(
      "import sys, tifffile, numpy as np\na = sys.argv[1:]\n" + script, arguments
    ).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func tifffileReadsWhatGlintWrites() throws {
    let folder = try TemporaryFolder()
    for (big, order) in [(false, false), (false, true), (true, false), (true, true)] {
      let pixels = testPixels(13 * 17 * 5)
      let path = folder.file("w.tif")
      let writer = try TIFFMovieWriter(
        path: path, width: 13, height: 17, bigTIFF: big, bigEndian: order, pixelSize: 125,
        overwrite: true)
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
      let answer = try answer(script, [path])
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
      tifffile.imwrite(d + 'imagej.tif', x, imagej=True, resolution=(10, 10), metadata={'axes': 'TYX', 'unit': 'um'})
      tifffile.imwrite(d + 'big.tif', x, bigtiff=True, byteorder='>', photometric='minisblack')
      tifffile.imwrite(d + 'tiles.tif', x, tile=(16, 16), compression='zlib', photometric='minisblack')
      tifffile.imwrite(d + 'strips.tif', x, rowsperstrip=4, predictor=True, compression='zlib',
                       photometric='minisblack')
      tifffile.imwrite(d + 'float.tif', x.astype('f4') / 8, predictor=True, compression='zlib',
                       byteorder='>', photometric='minisblack')
      tifffile.imwrite(d + 'ome.ome.tif', x, photometric='minisblack',
                       metadata={'axes': 'TYX', 'PhysicalSizeX': 0.1, 'PhysicalSizeXUnit': 'µm'})
      """
    _ = try answer(script, [folder.path])
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
