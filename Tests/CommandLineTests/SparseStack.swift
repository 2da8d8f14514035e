import Foundation
import Testing

/// Makes an ImageJ stack with one directory and `frames` frames from a TIFF of `writeMovie`: its
/// own frames, then zeros that the file system does not store.
///
/// - Parameter last: repeats the first frame at the very end.
func writeSparseStack(
  _ source: String, to path: String, frames: Int, frameBytes: Int = 56 * 48 * 2, last: Bool = false
) throws {
  let pixelStart = 1024
  var data = try Data(contentsOf: URL(fileURLWithPath: source))
  let text = try #require(data.range(of: Data("ImageJ=".utf8)))
  let end = try #require(data[text.lowerBound...].firstIndex(of: 0))
  let described = Data("ImageJ=1.54f\nimages=\(frames)\nframes=\(frames)\n".utf8)
  data.replaceSubrange(
    text.lowerBound..<max(end, text.lowerBound + described.count),
    with: described + Data(count: max(0, end - text.lowerBound - described.count)))
  // The first directory becomes the only one.
  let entries = Int(data[8]) + Int(data[9]) << 8
  data.replaceSubrange(10 + entries * 12..<14 + entries * 12, with: Data(count: 4))
  let held = (data.count - pixelStart) / frameBytes
  try data.prefix(pixelStart + min(held, 300) * frameBytes).write(to: URL(fileURLWithPath: path))
  let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  try file.truncate(atOffset: UInt64(pixelStart + frames * frameBytes))
  if last {
    try file.seek(toOffset: UInt64(pixelStart + (frames - 1) * frameBytes))
    try file.write(contentsOf: data[pixelStart..<pixelStart + frameBytes])
  }
  try file.close()
}
