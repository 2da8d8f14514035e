import Formats
import Microscopy

/// The maps of a sensor to look at: offset, read noise and gain side by side, a histogram under each.
///
/// Black and white of a map are its 1 % and 99 % quantiles (read noise: 0 to 99.5 %), and so are the
/// ends of its histogram; values are 0…1.
enum CameraPicture {
  private static let widest = 512
  private static let gap = 8
  private static let histogramHeight = 96

  static func of(_ maps: CameraMaps) -> Image {
    // Large sensors are shown by every k-th pixel, so that single hot pixels keep their contrast.
    let step = (max(maps.width, maps.height) + widest - 1) / widest
    let (columns, rows) = ((maps.width + step - 1) / step, (maps.height + step - 1) / step)
    let panel = max(columns, 64)
    let width = 3 * panel + 4 * gap
    let height = rows + histogramHeight + 3 * gap
    var pixels = [Float](repeating: 0.5, count: width * height)
    let noise = maps.variance.map { $0.squareRoot() }
    for (index, (map, low)) in [(maps.offset, 0.01), (noise, 0), (maps.gain, 0.01)].enumerated() {
      let sorted = map.sorted()
      let black = sorted[Int(Double(sorted.count - 1) * low)]
      let white = sorted[Int(Double(sorted.count - 1) * (low == 0 ? 0.995 : 0.99))]
      func level(_ value: Float) -> Float {
        white > black ? min(max((value - black) / (white - black), 0), 1) : 0.5
      }
      let left = gap + index * (panel + gap)
      for y in 0..<rows {
        for x in 0..<columns {
          pixels[(gap + y) * width + left + x] = level(map[y * step * maps.width + x * step])
        }
      }
      var counts = [Int](repeating: 0, count: panel)
      for value in map { counts[min(Int(level(value) * Float(panel)), panel - 1)] += 1 }
      let highest = max(counts.max() ?? 1, 1)
      let bottom = height - gap
      for x in 0..<panel {
        let bar = histogramHeight * counts[x] / highest
        for y in 0..<histogramHeight {
          pixels[(bottom - 1 - y) * width + left + x] = y < bar ? 1 : 0
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
