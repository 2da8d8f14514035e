import ArgumentParser
import Formats
import Localization
import Microscopy

/// A range of frames, `A:B`: from A up to but not including B; either side may be left out.
struct FrameRange: ExpressibleByArgument {
  let first: Int
  let end: Int?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    guard let first = parts[0].isEmpty ? 0 : Int(parts[0]), first >= 0 else { return nil }
    let end = Int(parts[1])
    guard parts[1].isEmpty || (end.map { $0 > first } ?? false) else { return nil }
    self.first = first
    self.end = end
  }

  var defaultValueDescription: String { "\(first):\(end.map(String.init) ?? "")" }
}

/// A region of interest, `X,Y,W,H` in pixels.
struct Region: ExpressibleByArgument {
  let region: PixelRegion

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 4, let x = parts[0], let y = parts[1], let width = parts[2],
      let height = parts[3], x >= 0, y >= 0, width > 0, height > 0
    else { return nil }
    region = PixelRegion(x: x, y: y, width: width, height: height)
  }
}

extension TableOptions {
  /// Refuses numbers of a first frame that no program uses.
  static func check(firstFrame: Int) throws {
    guard (-1_000_000...1_000_000).contains(firstFrame) else {
      throw ValidationError("the first frame's number \(firstFrame) must be in -1000000...1000000")
    }
  }
}

extension DetectionSettings.Detector: ExpressibleByArgument {}
extension FitSettings.Estimator: ExpressibleByArgument {}
extension FitSettings.Sigma: ExpressibleByArgument {}
extension FitSettings.Model: ExpressibleByArgument {}
