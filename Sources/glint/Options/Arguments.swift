import ArgumentParser
import Compute
import Formats
import Localization
import Microscopy
import Reporting

/// A range of frames, `A:B`: from A up to but not including B. Either side may be omitted.
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
extension PixelRegion: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 4, let x = parts[0], let y = parts[1], let width = parts[2],
      let height = parts[3], x >= 0, y >= 0, width > 0, height > 0
    else { return nil }
    self.init(x: x, y: y, width: width, height: height)
  }
}

/// `learned`, `free`, or photons and relative width: `N,s`.
extension Brightness: ExpressibleByArgument {
  public init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0).map(FieldValue.number)
    }
    self.init(
      field: numbers.count == 2 ? .list(numbers.map { $0 ?? .null }) : .text(argument))
  }
}

extension Emitters: ExpressibleByArgument {}
extension SpotModel.Estimator: ExpressibleByArgument {}
extension SpotModel.Sigmas: ExpressibleByArgument {}
extension SpotModel.Pixels: ExpressibleByArgument {}
