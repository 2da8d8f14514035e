import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// A table drawn into a picture file. What `glint render` does.
public struct RenderJob {
  let table: Localizations
  let output: String
  let renderer: Renderer
  let device: any Device
  let overwrite: Bool
  let observer: any Observer

  /// - Parameters:
  ///   - output: .png for a picture to look at, .tif for the values.
  ///   - pixel: side of an image pixel, nm.
  public init(
    table: Localizations, output: String, pixel: Double, style: Renderer.Style,
    device: any Device, overwrite: Bool = false, observer: any Observer = Unobserved()
  ) {
    self.table = table
    self.output = output
    renderer = Renderer(pixel: pixel, style: style)
    self.device = device
    self.overwrite = overwrite
    self.observer = observer
  }

  /// Draws and writes; returns width and height of the image.
  @discardableResult
  public func run() throws -> (width: Int, height: Int) {
    let (width, height) = try renderer.size(of: table)
    var names = OutputNames(inputs: [], overwrite: overwrite)
    try names.add(output)
    let fallback = Fallback(from: device) { observer.note(Message($0)) }
    let pixels = try fallback.perform { try renderer.render(table, on: $0) }
    let step = ProvenanceStep(
      program: "Glint", version: glintVersion, action: "render", device: fallback.device.info.name,
      settings: ["style": renderer.style.rawValue, "pixel_nm": "\(renderer.pixel)"])
    try Images.write(
      Image(width: width, height: height, pixels: pixels, pixelSize: renderer.pixel),
      to: output, provenance: table.provenance + [step], overwrite: overwrite)
    return (width, height)
  }
}
