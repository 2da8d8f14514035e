import Containers
import Foundation

/// A kind of file that is no movie, recognised by its first bytes, so that an error can name it.
struct ForeignKind {
  /// The kind with an article, such as "a PNG image".
  let name: String
  let isHDF5: Bool

  private static let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let kinds: [(magic: [UInt8], name: String)] = [
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a PNG image"),
    ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG image"), ([0xFF, 0xD8, 0xFF, 0xE1], "a JPEG image"),
    ([0xFF, 0xD8, 0xFF, 0xDB], "a JPEG image"), (Array("GIF8".utf8), "a GIF image"),
    ([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000 file, such as a Nikon ND2 of version 1"),
    ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"), ([0x1F, 0x8B, 0x08], "a gzip archive"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"), (Array("%PDF".utf8), "a PDF document"),
    (Array("PAR1".utf8), "a Parquet table"), (Array("DCIMG".utf8), "a Hamamatsu DCIMG movie"),
    (Array("MATLAB".utf8), "a MATLAB file"), (Array("SIMPLE  =".utf8), "a FITS image"),
    (Array("SQLite format 3".utf8), "an SQLite database"),
    (Array("PQTTTR".utf8), "a PicoQuant photon record"),
    ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an OLE file, such as an Olympus OIB"),
    (Array("M425".utf8), "an Insight3 table of localizations"),
    (Array("# <localizations".utf8), "a rapidSTORM table of localizations"),
  ]

  /// nil if the bytes are of no kind in the list.
  init?(_ head: [UInt8]) {
    // HDF5 allows a user block of 512 · 2ⁿ bytes before its signature; MATLAB uses 512.
    isHDF5 = [0, 512, 1024, 2048].contains { head.dropFirst($0).starts(with: Self.hdf5) }
    if isHDF5 {
      name = "an HDF5 file"
    } else if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      let text = String(decoding: head.prefix(1024), as: UTF8.self)
      name =
        text.contains("'itr'") || text.contains("'tid'")
        ? "a MINFLUX table (NumPy)" : "a NumPy array"
    } else if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: "AVI ".utf8) {
      name = "an AVI video"
    } else if head.dropFirst(4).starts(with: "ftyp".utf8) {
      name = "an MP4 or QuickTime video"
    } else if let kind = Self.kinds.first(where: { head.starts(with: $0.magic) }) {
      name = kind.name
    } else {
      return nil
    }
  }

  /// The name after a look at what the file holds.
  func name(of path: String) -> String {
    guard isHDF5, let file = try? HDF5File(path: path) else { return name }
    func has(_ object: String) -> Bool { (try? file.has(object)) == true }
    if has("locs") || has("data/xyz") || has("saveloc/loc")
      || (try? file.hasAttribute("movie_l")) == true
    {
      return "a table of localizations (HDF5)"
    }
    if has("coefficients") || has("coeff") || has("cspline") { return "a PSF calibration (HDF5)" }
    if has("variance") || has("gain") { return "a camera file (HDF5)" }
    if has("model_weights") { return "a file of network weights (HDF5)" }
    guard let names = try? file.names(), !names.isEmpty else { return name }
    return "\(name) with \(names.prefix(8).joined(separator: ", "))"
  }
}

extension MovieError {
  /// The error for a file of another kind, which `name` names with an article.
  static func foreign(_ name: String, _ path: String) -> MovieError {
    MovieError(
      .unknown, "\(name), not a movie that Glint reads", file: path,
      hint: name.contains("table of localizations")
        ? "give the movie from which the table was made"
        : "export a movie as TIFF; supported formats: \(Movies.formats.joined(separator: ", "))")
  }
}
