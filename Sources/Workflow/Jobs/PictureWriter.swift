import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// Renders the rows of a table: a table writer that writes an image.
///
/// `@unchecked Sendable`: calls come one at a time, as for every `TableWriter`.
public final class PictureWriter: TableWriter, @unchecked Sendable {
  private var path: String
  private let renderer: Renderer
  private let device: any Device
  private let overwrite: Bool
  private let observer: any Observer
  private var table: Localizations?
  /// Width and height of the finished picture, pixels.
  public private(set) var size = (width: 0, height: 0)

  /// - Parameters:
  ///   - path: .png for viewing, .tif for the values.
  ///   - pixel: pixel size of the image, nm.
  ///   - style: how a localization is drawn.
  ///   - device: the device that draws.
  ///   - overwrite: replaces existing files.
  ///   - observer: is told of notes.
  /// - Throws: `OutputError` if the file exists or its extension is of no kind of picture.
  public init(
    path: String, pixel: Double = Renderer.pixel.standard,
    style: Renderer.Style = Renderer.style.standard, device: any Device, overwrite: Bool = false,
    observer: any Observer = Unobserved()
  ) throws {
    try Images.checkKind(of: path)
    var names = OutputNames(inputs: [], overwrite: overwrite)
    try names.add(path)
    self.path = path
    renderer = Renderer(pixel: pixel, style: style)
    self.device = device
    self.overwrite = overwrite
    self.observer = observer
  }

  public func append(_ batch: Localizations) {
    if table == nil { table = batch } else { table?.append(contentsOf: batch) }
  }

  public func rename(to path: String) { self.path = path }

  public func abandon() { table = nil }

  /// Renders the rows and writes the image.
  public func finish(_ provenance: [ProvenanceStep]) throws {
    let table = self.table ?? Localizations()
    size = try renderer.size(of: table)
    if let remark = renderer.remark(on: table) { observer.note("\(remark)") }
    let fallback = Fallback(from: device) { [observer] in observer.note(Message($0)) }
    let pixels = try fallback.perform { try renderer.render(table, on: $0) }
    let step = ProvenanceStep(
      program: "Glint", version: glintVersion, action: "render", device: fallback.device.info.name,
      settings: ["style": renderer.style.rawValue, "pixel_nm": "\(renderer.pixel)"])
    try Images.write(
      Image(width: size.width, height: size.height, pixels: pixels, pixelSize: renderer.pixel),
      to: path, provenance: provenance + [step], overwrite: overwrite)
  }
}
