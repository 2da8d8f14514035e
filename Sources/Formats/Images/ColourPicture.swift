import Foundation

/// An RGB picture, 8 bits per channel, in row-major order from the top.
package struct ColourPicture: Hashable, Sendable {
  package let width: Int
  package let height: Int
  /// Three bytes per pixel.
  package var bytes: [UInt8]

  package init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(
      width > 0 && height > 0 && bytes.count == 3 * width * height, "a pixel has three bytes")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// Writes a PNG. Throws `OutputError`.
  package func writePNG(to path: String, overwrite: Bool = false) throws {
    let file = try StagedFile(path: path, overwrite: overwrite)
    try file.write(PNGFile.encode(bytes, width: width, height: height, inColour: true, path: path))
    try file.commit()
  }
}
