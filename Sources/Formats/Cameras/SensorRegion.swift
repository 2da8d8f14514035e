import Foundation
import Microscopy

extension MovieInfo {
  /// The recorded region of the sensor, if the file states one of the movie's size. A region at the
  /// sensor's origin is ignored, because programs also write it when they do not know the region.
  ///
  /// Read from Micro-Manager's summary (`"ROI": [x, y, w, h]` or `"x-y-w-h"`, from 0) and from `.inf`
  /// files (`x_start`, `x_end`, `y_start`, `y_end`, from 1, both ends included).
  public var sensorRegion: PixelRegion? {
    for text in metadata.values {
      if let numbers = Self.numbers(after: "\"ROI\":", in: text), let region = region(numbers) {
        return region
      }
    }
    let ends = ["x_start", "x_end", "y_start", "y_end"].map { metadata[$0].flatMap { Int($0) } }
    guard let left = ends[0], let right = ends[1], let top = ends[2], let bottom = ends[3],
      [left, right, top, bottom].allSatisfy({ 1...1 << 24 ~= $0 })
    else { return nil }
    return region([left - 1, top - 1, right - left + 1, bottom - top + 1])
  }

  private func region(_ numbers: [Int]) -> PixelRegion? {
    guard numbers.count == 4, numbers[0] >= 0, numbers[1] >= 0, numbers[2] == width,
      numbers[3] == height, numbers[0] > 0 || numbers[1] > 0
    else { return nil }
    return PixelRegion(x: numbers[0], y: numbers[1], width: width, height: height)
  }

  /// The whole numbers of a JSON list or string that follows a key.
  private static func numbers(after key: String, in text: String) -> [Int]? {
    guard let place = text.range(of: key) else { return nil }
    let value = text[place.upperBound...].prefix(64).drop { " \n\t".contains($0) }
    guard let opening = value.first, opening == "[" || opening == "\"" else { return nil }
    let (end, separator): (Character, Character) = opening == "[" ? ("]", ",") : ("\"", "-")
    return value.dropFirst().prefix { $0 != end }.split(separator: separator).map { word in
      Int(word.filter { !$0.isWhitespace }) ?? -1
    }
  }
}
